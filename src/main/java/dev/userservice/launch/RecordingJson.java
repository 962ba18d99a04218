package dev.userservice.launch;

import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A JSON object that records the keys that were read. The options of Vert.x ignore unknown keys,
 * and have no list of known ones. Their converters read a value only after recognising its key, and
 * copy an object with arbitrary keys.
 */
final class RecordingJson extends JsonObject {

  private final Set<String> read = new HashSet<>();
  private final Map<String, RecordingJson> objects = new HashMap<>();
  private boolean copied;

  RecordingJson(JsonObject json) {
    super(new LinkedHashMap<>(json.getMap()));
    for (String key : json.fieldNames()) {
      if (json.getValue(key) instanceof JsonObject object) {
        objects.put(key, new RecordingJson(object));
      }
    }
  }

  @Override
  public Object getValue(String key) {
    read.add(key);
    RecordingJson object = objects.get(key);
    return object != null ? object : super.getValue(key);
  }

  @Override
  public JsonObject getJsonObject(String key) {
    return (JsonObject) getValue(key);
  }

  @Override
  public Iterator<Map.Entry<String, Object>> iterator() {
    return fieldNames().stream().<Map.Entry<String, Object>>map(Member::new).iterator();
  }

  @Override
  public JsonObject copy() {
    copied = true;
    return super.copy();
  }

  /** The paths of the unread keys. */
  List<String> unread() {
    List<String> paths = new ArrayList<>();
    addUnread("", paths);
    return paths;
  }

  private void addUnread(String prefix, List<String> paths) {
    if (copied) {
      return;
    }
    for (String key : fieldNames()) {
      RecordingJson object = objects.get(key);
      if (!read.contains(key)) {
        paths.add(prefix + key);
      } else if (object != null) {
        object.addUnread(prefix + key + ".", paths);
      }
    }
  }

  private final class Member implements Map.Entry<String, Object> {

    private final String key;

    Member(String key) {
      this.key = key;
    }

    @Override
    public String getKey() {
      return key;
    }

    @Override
    public Object getValue() {
      return RecordingJson.this.getValue(key);
    }

    @Override
    public Object setValue(Object value) {
      throw new UnsupportedOperationException();
    }
  }
}
