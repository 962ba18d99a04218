package dev.userservice.config;

import io.vertx.core.json.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * A configuration for operators: a JSON object with a line for every key, and a comment with the
 * origin of its value. Without the comments it is the same configuration, except for secrets; so a
 * key that is not set, and has no default, is a comment altogether.
 */
final class ConfigListing {

  private static final String SECRET = "\"***\"";
  private static final int COMMENT_COLUMN = 46;

  /** The user info of a URI, up to the last character that could end it. */
  private static final Pattern USER_INFO = Pattern.compile("//[^\\s\"]*@");

  private final Function<String, String> origin;
  private final StringBuilder text = new StringBuilder();

  private ConfigListing(Function<String, String> origin) {
    this.origin = origin;
  }

  /**
   * @param keys every key by its path, in the order of the lines
   * @param origin returns the origin of the value of a key path that is set
   */
  static String of(Map<String, Key> keys, Function<String, String> origin) {
    Map<String, Object> root = new LinkedHashMap<>();
    keys.forEach((path, key) -> put(root, path, path, key));
    ConfigListing listing = new ConfigListing(origin);
    listing.text.append("{\n");
    listing.lines(root, "  ");
    return listing.text.append("}\n").toString();
  }

  private record Leaf(String path, Key key) {

    /** False for a key that is not set and empty, superseded, or of an object without effect. */
    boolean counts() {
      return key.given() || !key.isEmpty() && key.supersededBy().isEmpty() && !key.idle();
    }
  }

  @SuppressWarnings("unchecked")
  private static void put(Map<String, Object> object, String rest, String path, Key key) {
    int dot = rest.indexOf('.');
    if (dot < 0) {
      object.put(rest, new Leaf(path, key));
      return;
    }
    Object inner = object.computeIfAbsent(rest.substring(0, dot), name -> new LinkedHashMap<>());
    put((Map<String, Object>) inner, rest.substring(dot + 1), path, key);
  }

  @SuppressWarnings("unchecked")
  private void lines(Map<String, Object> object, String indent) {
    List<String> names = new ArrayList<>(object.keySet());
    names.removeIf(name -> !counts(object.get(name)));
    String last = names.isEmpty() ? "" : names.get(names.size() - 1);
    object.forEach(
        (name, value) -> {
          String comma = name.equals(last) ? "" : ",";
          if (value instanceof Leaf leaf) {
            line(leaf, "\"" + name + "\"", indent, comma);
          } else {
            String begin = counts(value) ? indent : indent + "// ";
            text.append(begin).append('"').append(name).append("\": {\n");
            lines((Map<String, Object>) value, indent + "  ");
            text.append(begin).append('}').append(comma).append('\n');
          }
        });
  }

  /** Returns true if a part of an object has an effect: an empty one may be refused. */
  @SuppressWarnings("unchecked")
  private static boolean counts(Object value) {
    return value instanceof Leaf leaf
        ? leaf.counts()
        : ((Map<String, Object>) value).values().stream().anyMatch(ConfigListing::counts);
  }

  private void line(Leaf leaf, String name, String indent, String comma) {
    String said;
    String why;
    if (leaf.counts()) {
      said = indent + name + ": " + value(leaf.key()) + comma;
      why = "// " + (leaf.key().given() ? origin.apply(leaf.path()) : "default");
    } else {
      String by = leaf.key().supersededBy();
      boolean unset = by.isEmpty() && leaf.key().isEmpty();
      said = indent + "// " + name + (unset ? "" : ": " + value(leaf.key()));
      why = unset ? "is not set" : by.isEmpty() ? "// default" : "by \"" + by + "\"";
    }
    text.append(said)
        .append(" ".repeat(Math.max(2, COMMENT_COLUMN - said.length())))
        .append(Quoted.printable(why))
        .append('\n');
  }

  private static String value(Key key) {
    if (key.type() == Key.Type.SECRET && !key.isEmpty()) {
      return SECRET;
    }
    String json = Quoted.printable(Json.encode(key.value()));
    return USER_INFO.matcher(json).replaceAll("//***@");
  }
}
