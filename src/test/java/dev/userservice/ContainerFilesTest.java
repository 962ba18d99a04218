package dev.userservice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.userservice.config.ConfigException;
import dev.userservice.config.Program;
import dev.userservice.config.ServerConfig;
import dev.userservice.kit.JavaProcess;
import dev.userservice.kit.RunningServer;
import dev.userservice.launch.ExitCode;
import dev.userservice.server.OperationsRpcs;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** Holds conf/Dockerfile and conf/kubernetes.yaml to what the program takes and does. */
@Tag("slow")
class ContainerFilesTest {

  /** For documentation, RFC 5737. */
  private static final String POD_IP = "192.0.2.1";

  /** From here on Java has the option that allows access to memory by {@code sun.misc.Unsafe}. */
  private static final int MEMORY_ACCESS_OPTION = 23;

  private static final Map<String, JsonObject> MANIFESTS = new LinkedHashMap<>();
  private static final Map<String, String> DOCKERFILE = new HashMap<>();

  private static JsonObject set;
  private static JsonObject pod;
  private static JsonObject container;

  /** As in the file; {@link #config} has what is in force. */
  private static JsonObject json;

  @TempDir Path folder;

  @BeforeAll
  static void read() throws Exception {
    LoaderOptions strict = new LoaderOptions();
    strict.setAllowDuplicateKeys(false);
    String yaml = Files.readString(Path.of("conf/kubernetes.yaml"));
    for (Object document : new Yaml(new SafeConstructor(strict)).loadAll(yaml)) {
      @SuppressWarnings("unchecked")
      JsonObject manifest = new JsonObject((Map<String, Object>) document);
      String name = manifest.getString("kind") + " " + at(manifest, "metadata").getString("name");
      assertThat(MANIFESTS.put(name, manifest)).as(name).isNull();
    }
    set = MANIFESTS.get("StatefulSet user-service");
    pod = at(set, "spec", "template", "spec");
    assertThat(pod.getJsonArray("containers")).hasSize(1);
    container = pod.getJsonArray("containers").getJsonObject(0);
    json = new JsonObject(configMap());

    String lines = Files.readString(Path.of("conf/Dockerfile"));
    for (String line : lines.replace("\\\n", " ").split("\n")) {
      if (!line.isBlank() && !line.startsWith("#")) {
        String[] instruction = line.split(" ", 2);
        assertThat(DOCKERFILE.put(instruction[0], instruction[1])).as(line).isNull();
      }
    }
  }

  @Test
  void image_isOfTheJarThatTheBuildMakes() throws Exception {
    String pom = Files.readString(Path.of("pom.xml"));
    String copied = DOCKERFILE.get("COPY").replaceFirst("^--chmod=0644 ", "");
    List<String> entry = words("ENTRYPOINT");

    assertThat(pom).contains("<finalName>" + copied.replaceFirst("\\.jar .*", "") + "<");
    assertThat(entry.get(entry.indexOf("-jar") + 1)).isEqualTo(copied.split(" ")[1]);
    String image = container.getString("image");
    assertThat(pom).contains("<version>" + image.replaceFirst(".*:", "") + "-SNAPSHOT</version>");
    assertThat(Files.readString(Path.of("src/docs/OPERATING.md")))
        .contains("docker build -f conf/Dockerfile -t " + image + " target\n");
  }

  @Test
  void image_hasAJavaThatRunsTheProgram() throws Exception {
    String pom = Files.readString(Path.of("pom.xml"));
    int needed =
        Integer.parseInt(pom.replaceFirst("(?s).*<maven.compiler.release>(\\d+)<.*", "$1"));

    assertThat(Integer.parseInt(DOCKERFILE.get("FROM").replaceFirst("^[a-z-]+:(\\d+)-jre$", "$1")))
        .isGreaterThanOrEqualTo(needed);
  }

  @Test
  void image_listensWhereTheProgramDoes() {
    assertThat(DOCKERFILE.get("EXPOSE"))
        .isEqualTo(Integer.toString(ServerConfig.from(new JsonObject()).port()));
  }

  /**
   * All but {@code --conf} is fixed: without it, a server would listen where no other can call it.
   */
  @Test
  void command_ofTheImage() throws Exception {
    assertThat(words("CMD")).startsWith("--conf");
    run(Map.of(), words("CMD").get(1), "{\"host\":\"0.0.0.0\",\"insecure\":true}", words("CMD"));
  }

  @Test
  void command_ofThePod() throws Exception {
    run(environment(), file("config") + "/server.json", configMap(), arguments());
  }

  @Test
  void configuration_isTaken() {
    ServerConfig config = config();

    config.checkMethods(OperationsRpcs.allMethods());
    assertThat(config.sampleUsers()).isFalse();
    assertThat(config.cluster().host()).isEqualTo(POD_IP);
    assertThat(config.cluster().insecure()).isFalse();
    assertThat(config.insecure()).isFalse();
  }

  @Test
  void ports_areThoseOfTheConfiguration() {
    ServerConfig config = config();
    int bus = Integer.parseInt(arguments().get(arguments().indexOf("--cluster-port") + 1));
    Map<String, Integer> ports = ports(container.getJsonArray("ports"), "containerPort");

    assertThat(ports)
        .isEqualTo(
            Map.of(
                "grpc", config.port(),
                "management", config.management().port(),
                "log", logPort(),
                "event-bus", bus,
                "members", config.cluster().port(),
                "alive", ports.get("alive")));
    config.checkClusterPorts(POD_IP, bus);
    assertThatThrownBy(() -> config.checkClusterPorts(POD_IP, ports.get("alive")))
        .as("a port of the cluster")
        .isInstanceOf(ConfigException.class);
    assertThat(ports.values()).doesNotHaveDuplicates();
    assertThat(ports("Service user-service")).containsExactly(Map.entry("grpc", ports.get("grpc")));
    Map<String, Integer> between = new HashMap<>(ports);
    between.keySet().removeAll(Set.of("grpc", "management"));
    assertThat(ports("Service user-service-cluster")).isEqualTo(between);
    JsonArray rules =
        at(MANIFESTS.get("NetworkPolicy user-service"), "spec").getJsonArray("ingress");
    assertThat(rules).hasSize(2);
    assertThat(open(rules.getJsonObject(0))).containsExactlyInAnyOrder("grpc", "management");
    assertThat(rules.getJsonObject(0).fieldNames()).containsExactly("ports");
    assertThat(open(rules.getJsonObject(1))).isEqualTo(between.keySet());
  }

  /** A selector that matches no pod is valid, and protects nothing. */
  @Test
  void selectors_areOfThePods() {
    JsonObject labels = at(set, "spec", "template", "metadata", "labels");
    JsonObject policy = at(MANIFESTS.get("NetworkPolicy user-service"), "spec");
    JsonObject spread = pod.getJsonArray("topologySpreadConstraints").getJsonObject(0);
    JsonObject from =
        policy.getJsonArray("ingress").getJsonObject(1).getJsonArray("from").getJsonObject(0);

    assertThat(
            Stream.of(
                at(MANIFESTS.get("Service user-service"), "spec", "selector"),
                at(MANIFESTS.get("Service user-service-cluster"), "spec", "selector"),
                at(
                    MANIFESTS.get("PodDisruptionBudget user-service"),
                    "spec",
                    "selector",
                    "matchLabels"),
                at(set, "spec", "selector", "matchLabels"),
                at(policy, "podSelector", "matchLabels"),
                at(from, "podSelector", "matchLabels"),
                at(spread, "labelSelector", "matchLabels")))
        .allMatch(labels::equals);
  }

  @Test
  void probes_askWhatTheManagementPortAnswers() throws Exception {
    JsonObject management = new JsonObject().put("port", 0);
    try (RunningServer server =
        RunningServer.start(1, new JsonObject().put("management", management))) {
      for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
        JsonObject get = at(container, probe, "httpGet");
        assertThat(get.getString("port")).as(probe).isEqualTo("management");
        assertThat(status(server.managementPort(), get.getString("path"))).as(probe).isEqualTo(200);
      }
    }
    assertThat(at(container, "startupProbe", "httpGet"))
        .isEqualTo(at(container, "livenessProbe", "httpGet"));
    assertThat(at(container, "readinessProbe", "httpGet").getString("path"))
        .isEqualTo("/health/ready");
  }

  @Test
  void stop_hasTheTimeThatADrainTakes() {
    ServerConfig config = config();

    assertThat(config.drainDelayMillis()).isPositive();
    assertThat(1_000 * pod.getInteger("terminationGracePeriodSeconds"))
        .isGreaterThan(config.drainDelayMillis() + config.drainTimeoutMillis());
  }

  @Test
  void files_areMounted() {
    List<String> written = new ArrayList<>();
    List<String> read = new ArrayList<>();
    files(json, "folder", written);
    files(json, "File", read);

    assertThat(written).isNotEmpty().allMatch(file -> file.startsWith(file("data") + "/"));
    assertThat(file("data")).isEqualTo(DOCKERFILE.get("WORKDIR"));
    assertThat(mount("data").getBoolean("readOnly", false)).isFalse();
    Set<String> secrets = new TreeSet<>();
    for (String name : List.of("tls", "cluster-tls")) {
      JsonObject secret = at(volume(name), "secret");
      // As the program wants it of files with a key; the pod's fsGroup is its group.
      assertThat(secret.getInteger("defaultMode")).as(name).isEqualTo(0440);
      assertThat(secret.getString("secretName")).isEqualTo("user-service-" + name);
      Stream.of("tls.crt", "tls.key", "ca.crt").forEach(key -> secrets.add(file(name) + "/" + key));
    }
    assertThat(new TreeSet<>(read)).isEqualTo(secrets);
    assertThat(read).doesNotHaveDuplicates();
    assertThat(at(volume("config"), "configMap").getString("name")).isEqualTo("user-service");
    assertThat(container.getJsonArray("volumeMounts")).hasSize(4);
    assertThat(claim().getJsonObject("metadata").getString("name")).isEqualTo("data");
  }

  @Test
  void process_mayDoNothingThatItNeedNot() {
    String[] user = DOCKERFILE.get("USER").split(":");
    JsonObject all = at(pod, "securityContext");
    JsonObject own = at(container, "securityContext");

    assertThat(user).hasSize(2).allMatch(id -> Integer.parseInt(id) > 0);
    assertThat(DOCKERFILE.get("RUN"))
        .isEqualTo(
            "install -d -o %s -g %s -m 0700 %s"
                .formatted(user[0], user[1], DOCKERFILE.get("WORKDIR")));
    assertThat(all.getBoolean("runAsNonRoot")).isTrue();
    assertThat(all.getInteger("runAsUser")).hasToString(user[0]);
    assertThat(all.getInteger("runAsGroup")).hasToString(user[1]);
    assertThat(all.getInteger("fsGroup")).hasToString(user[1]);
    assertThat(at(all, "seccompProfile").getString("type")).isEqualTo("RuntimeDefault");
    assertThat(own)
        .isEqualTo(
            new JsonObject()
                .put("allowPrivilegeEscalation", false)
                .put("readOnlyRootFilesystem", true)
                .put("capabilities", new JsonObject().put("drop", new JsonArray().add("ALL"))));
    assertThat(pod.getBoolean("automountServiceAccountToken")).isFalse();
  }

  @Test
  void servers_areThePodsOfTheSet() {
    JsonObject spec = at(set, "spec");
    String service = spec.getString("serviceName");
    int replicas = spec.getInteger("replicas");
    JsonObject headless = at(MANIFESTS.get("Service " + service), "spec");
    String name = at(set, "metadata").getString("name");

    assertThat(servers())
        .isEqualTo(
            IntStream.range(0, replicas)
                .mapToObj(i -> "%s-%d.%s:%d".formatted(name, i, service, logPort()))
                .toList());
    assertThat(config().cluster().dns()).isEqualTo(service);
    assertThat(headless.getString("clusterIP")).isEqualTo("None");
    assertThat(headless.getBoolean("publishNotReadyAddresses")).isTrue();
    assertThat(spec.getString("podManagementPolicy")).isEqualTo("Parallel");
    assertThat(
            at(MANIFESTS.get("PodDisruptionBudget user-service"), "spec")
                .getInteger("maxUnavailable"))
        .isBetween(1, (replicas - 1) / 2);
  }

  /** Runs the program, with the options of the image, as far as it needs no place of its own. */
  private void run(Map<String, String> env, String path, String conf, List<String> arguments)
      throws Exception {
    Path file = Files.writeString(folder.resolve("server.json"), conf);
    List<String> entry = words("ENTRYPOINT");
    List<String> line = new ArrayList<>(entry.subList(entry.indexOf("-jar") + 2, entry.size()));
    assertThat(arguments).contains(path);
    arguments.forEach(argument -> line.add(argument.equals(path) ? file.toString() : argument));
    line.add("--print-config");
    List<String> jvm = new ArrayList<>(entry.subList(1, entry.indexOf("-jar")));
    // With it Java would say nothing of an option that is misspelt.
    assertThat(jvm.remove("-XX:+IgnoreUnrecognizedVMOptions")).isTrue();
    if (Runtime.version().feature() < MEMORY_ACCESS_OPTION) {
      assertThat(jvm.remove("--sun-misc-unsafe-memory-access=allow")).isTrue();
    }

    assertThat(entry.get(0)).isEqualTo("java");
    JavaProcess program = JavaProcess.start(folder, env, jvm, line.toArray(String[]::new));
    try {
      String output = program.output();
      assertThat(program.exitCode()).as(program.errors()).isEqualTo(ExitCode.OK);
      assertThat(program.errors()).isEmpty();
      assertThat(output).contains("// " + file);
    } finally {
      program.kill();
    }
  }

  private static int status(int port, String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
            BodyHandlers.discarding())
        .statusCode();
  }

  private static ServerConfig config() {
    return ServerConfig.from(
        Program.SERVER.load(configMap(), environment(), new Properties(), warning -> {}).json());
  }

  private static String configMap() {
    return at(MANIFESTS.get("ConfigMap user-service"), "data").getString("server.json");
  }

  private static Map<String, String> environment() {
    return objects(container.getJsonArray("env"))
        .collect(
            Collectors.toMap(
                variable -> variable.getString("name"),
                variable -> {
                  assertThat(at(variable, "valueFrom", "fieldRef").getString("fieldPath"))
                      .isEqualTo("status.podIP");
                  return POD_IP;
                }));
  }

  private static List<String> arguments() {
    return texts(container.getJsonArray("args"));
  }

  private static List<String> servers() {
    return texts(at(json, "store", "raft").getJsonArray("servers"));
  }

  private static int logPort() {
    List<Integer> ports =
        servers().stream()
            .map(server -> Integer.valueOf(server.replaceFirst(".*:", "")))
            .distinct()
            .toList();
    assertThat(ports).hasSize(1);
    return ports.get(0);
  }

  /** Each value of a key that ends so, at any depth. */
  private static void files(JsonObject json, String end, List<String> found) {
    for (String key : json.fieldNames()) {
      if (json.getValue(key) instanceof JsonObject inner) {
        files(inner, end, found);
      } else if (key.endsWith(end)) {
        found.add(json.getString(key));
      }
    }
  }

  /** The path at which a volume is mounted. */
  private static String file(String volume) {
    return mount(volume).getString("mountPath");
  }

  private static JsonObject mount(String volume) {
    return named(container.getJsonArray("volumeMounts"), volume);
  }

  private static JsonObject volume(String name) {
    return named(pod.getJsonArray("volumes"), name);
  }

  private static JsonObject claim() {
    JsonArray claims = at(set, "spec").getJsonArray("volumeClaimTemplates");
    assertThat(claims).hasSize(1);
    return claims.getJsonObject(0);
  }

  private static JsonObject named(JsonArray all, String name) {
    return objects(all)
        .filter(each -> each.getString("name").equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static Map<String, Integer> ports(JsonArray ports, String key) {
    return objects(ports)
        .collect(Collectors.toMap(port -> port.getString("name"), port -> port.getInteger(key)));
  }

  /** Of a Service, each to the port of the container that has its name. */
  private static Map<String, Integer> ports(String service) {
    JsonArray ports = at(MANIFESTS.get(service), "spec").getJsonArray("ports");
    assertThat(objects(ports))
        .allMatch(port -> port.getString("targetPort").equals(port.getString("name")));
    return ports(ports, "port");
  }

  private static Set<String> open(JsonObject rule) {
    return objects(rule.getJsonArray("ports"))
        .map(port -> port.getString("port"))
        .collect(Collectors.toSet());
  }

  private static JsonObject at(JsonObject json, String... keys) {
    JsonObject found = json;
    for (String key : keys) {
      assertThat(found.fieldNames()).contains(key);
      found = found.getJsonObject(key);
    }
    return found;
  }

  private static Stream<JsonObject> objects(JsonArray array) {
    return IntStream.range(0, array.size()).mapToObj(array::getJsonObject);
  }

  private static List<String> texts(JsonArray array) {
    return array.stream().map(String.class::cast).toList();
  }

  /** An instruction in exec form: a JSON array, without a shell. */
  private static List<String> words(String instruction) {
    return texts(new JsonArray(DOCKERFILE.get(instruction)));
  }
}
