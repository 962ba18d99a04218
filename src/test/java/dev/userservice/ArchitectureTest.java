package dev.userservice;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.vertx.core.http.ConnectionPoolTooBusyException;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;

/** The rooms of the house and the arrows between them; ARCHITECTURE.md explains them. */
@AnalyzeClasses(packages = "dev.userservice", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule arrows_runOneWay =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("root")
          .definedBy("dev.userservice")
          .layer("launch")
          .definedBy("dev.userservice.launch..")
          .layer("server")
          .definedBy("dev.userservice.server..")
          .layer("client")
          .definedBy("dev.userservice.client..")
          .layer("demo")
          .definedBy("dev.userservice.demo..")
          .layer("load")
          .definedBy("dev.userservice.load..")
          .layer("call")
          .definedBy("dev.userservice.call..")
          .layer("console")
          .definedBy("dev.userservice.console..")
          .layer("rpc")
          .definedBy("dev.userservice.rpc..")
          .layer("user")
          .definedBy("dev.userservice.user..")
          .layer("store")
          .definedBy("dev.userservice.store..")
          .layer("operations")
          .definedBy("dev.userservice.operations..")
          .layer("access")
          .definedBy("dev.userservice.access..")
          .layer("tls")
          .definedBy("dev.userservice.tls..")
          .layer("cluster")
          .definedBy("dev.userservice.cluster..")
          .layer("web")
          .definedBy("dev.userservice.web..")
          .layer("config")
          .definedBy("dev.userservice.config..")
          .whereLayer("root")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("launch")
          .mayOnlyBeAccessedByLayers("root")
          .whereLayer("server")
          .mayOnlyBeAccessedByLayers("root", "launch")
          .whereLayer("demo")
          .mayOnlyBeAccessedByLayers("root", "launch")
          .whereLayer("load")
          .mayOnlyBeAccessedByLayers("root", "launch")
          .whereLayer("call")
          .mayOnlyBeAccessedByLayers("root", "launch")
          .whereLayer("client")
          .mayOnlyBeAccessedByLayers("root", "launch", "call", "demo", "load")
          .whereLayer("console")
          .mayOnlyBeAccessedByLayers("root", "launch", "server", "client", "call", "demo", "load")
          .whereLayer("rpc")
          .mayOnlyBeAccessedByLayers("root", "server")
          .whereLayer("user")
          .mayOnlyBeAccessedByLayers("root", "server")
          .whereLayer("store")
          .mayOnlyBeAccessedByLayers("launch", "server", "user")
          .whereLayer("operations")
          .mayOnlyBeAccessedByLayers("root", "launch", "server")
          .whereLayer("web")
          .mayOnlyBeAccessedByLayers("server")
          .whereLayer("cluster")
          .mayOnlyBeAccessedByLayers("launch", "server")
          .whereLayer("access")
          .mayOnlyBeAccessedByLayers("server")
          .whereLayer("tls")
          .mayOnlyBeAccessedByLayers("launch", "server", "access", "client", "call")
          .whereLayer("config")
          .mayOnlyBeAccessedByLayers(
              "root",
              "launch",
              "server",
              "operations",
              "store",
              "client",
              "call",
              "demo",
              "load",
              "cluster",
              "access",
              "tls");

  /** The package that a newcomer opens first. */
  @ArchTest
  static void root_holdsTheProgramAndItsVerticlesAlone(JavaClasses classes) {
    assertThat(classes.stream().filter(type -> type.getPackageName().equals("dev.userservice")))
        .extracting(type -> type.getName().replaceFirst("\\$.*", ""))
        .containsOnly(
            "dev.userservice.Main",
            "dev.userservice.UserVerticle",
            "dev.userservice.ClientVerticle",
            "dev.userservice.LoadVerticle");
  }

  /** So that the room does not become the place for everything. */
  @ArchTest
  static void server_joinsRooms(JavaClasses classes) {
    assertThat(
            classes.stream()
                .filter(type -> type.getPackageName().equals("dev.userservice.server"))
                .filter(type -> !type.getName().contains("$"))
                .filter(type -> rooms(type).size() < 2))
        .extracting(JavaClass::getSimpleName)
        .isEmpty();
  }

  /** The other rooms that a class uses, with its nested classes. */
  private static Set<String> rooms(JavaClass type) {
    return type.getPackage().getClasses().stream()
        .filter(part -> part.getName().replaceFirst("\\$.*", "").equals(type.getName()))
        .flatMap(part -> part.getDirectDependenciesFromSelf().stream())
        .map(dependency -> dependency.getTargetClass().getBaseComponentType().getPackageName())
        .filter(name -> name.startsWith("dev.userservice."))
        .filter(name -> !name.equals("dev.userservice.server"))
        .collect(Collectors.toSet());
  }

  @ArchTest
  static final ArchRule noCycles =
      slices().matching("dev.userservice.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule rules_knowNoTransport =
      noClasses()
          .that()
          .resideInAnyPackage("dev.userservice.user..", "dev.userservice.store..")
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("io.vertx.grpc..", "io.vertx.core.http..", "com.google.rpc..")
                  // What a full pool throws, of SQL connections too.
                  .and(not(type(ConnectionPoolTooBusyException.class))));

  @ArchTest
  static final ArchRule wire_knowsNoUsers =
      noClasses()
          .that()
          .resideInAPackage("dev.userservice.rpc..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.userservice.proto..");

  @ArchTest
  static final ArchRule page_knowsNoOtherRoom =
      noClasses()
          .that()
          .resideInAPackage("dev.userservice.web..")
          .should()
          .dependOnClassesThat(
              resideInAPackage("dev.userservice..")
                  .and(not(resideInAPackage("dev.userservice.web.."))));

  /**
   * The classes of {@link #READS_CALLERS} that may use regular expressions, each because it reads
   * no text that a caller chose.
   */
  private static final Set<String> READS_NO_CALLER =
      Set.of(
          // The names of garbage collectors, which the JVM gives.
          "dev.userservice.operations.HeapWatch",
          // The levels and names of loggers, which operators set from the server's own machine.
          "dev.userservice.operations.LogLevels",
          // The operator's file of keys, and the answer of the configured issuer.
          "dev.userservice.access.PublicKeys",
          // The message of an exception of the JDK, which names one of the alerts of TLS.
          "dev.userservice.tls.WatchedTls");

  private static final DescribedPredicate<JavaClass> READS_CALLERS =
      resideInAnyPackage(
              "dev.userservice.rpc..",
              "dev.userservice.user..",
              "dev.userservice.operations..",
              "dev.userservice.access..",
              "dev.userservice.tls..",
              "dev.userservice.web..",
              "dev.userservice.server..")
          .and(not(belongTo(named(READS_NO_CALLER))))
          .as("read what callers send");

  private static final Set<String> REGEX_METHODS =
      Set.of("matches", "replaceAll", "replaceFirst", "split");

  private static final DescribedPredicate<JavaAccess<?>> STRING_METHOD_WITH_REGEX =
      describe(
          "a method of String takes a regular expression",
          access ->
              access.getTargetOwner().isEquivalentTo(String.class)
                  && REGEX_METHODS.contains(access.getName()));

  /** A harmless pattern takes time quadratic in its input, or worse, for input made for that. */
  @ArchTest
  static final ArchRule callersInput_meetsNoRegularExpression =
      noClasses()
          .that(READS_CALLERS)
          .should()
          .dependOnClassesThat(resideInAPackage("java.util.regex.."))
          .orShould()
          .accessTargetWhere(STRING_METHOD_WITH_REGEX);

  @ArchTest
  static void callersInput_namesAreOfClasses(JavaClasses classes) {
    assertThat(classes).extracting(JavaClass::getName).containsAll(READS_NO_CALLER);
  }

  /**
   * Callers choose e-mail addresses: with a hash seed that they can guess, they make collisions.
   */
  @ArchTest
  static final ArchRule storesRandomness_cannotBeGuessed =
      noClasses()
          .that()
          .resideInAPackage("dev.userservice.store..")
          .should()
          .dependOnClassesThat(
              type(Random.class)
                  .or(type(SplittableRandom.class))
                  .or(type(ThreadLocalRandom.class)));

  private static DescribedPredicate<JavaClass> named(Set<String> names) {
    return describe("named " + names, type -> names.contains(type.getName()));
  }
}
