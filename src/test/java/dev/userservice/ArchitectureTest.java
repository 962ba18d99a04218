package dev.userservice;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.vertx.core.http.ConnectionPoolTooBusyException;

/** The rooms of the house and the arrows between them; RATIONALE says why. */
@AnalyzeClasses(packages = "dev.userservice", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule arrows_runOneWay =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("root")
          .definedBy("dev.userservice")
          .layer("client")
          .definedBy("dev.userservice.client..")
          .layer("bench")
          .definedBy("dev.userservice.bench..")
          .layer("rpc")
          .definedBy("dev.userservice.rpc..")
          .layer("user")
          .definedBy("dev.userservice.user..")
          .layer("store")
          .definedBy("dev.userservice.store..")
          .layer("operations")
          .definedBy("dev.userservice.operations..")
          .layer("security")
          .definedBy("dev.userservice.security..")
          .layer("cluster")
          .definedBy("dev.userservice.cluster..")
          .layer("config")
          .definedBy("dev.userservice.config..")
          .whereLayer("root")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("client")
          .mayOnlyBeAccessedByLayers("root", "bench")
          .whereLayer("bench")
          .mayOnlyBeAccessedByLayers("root")
          .whereLayer("rpc")
          .mayOnlyBeAccessedByLayers("root")
          .whereLayer("user")
          .mayOnlyBeAccessedByLayers("root")
          .whereLayer("store")
          .mayOnlyBeAccessedByLayers("root", "user")
          .whereLayer("operations")
          .mayOnlyBeAccessedByLayers("root")
          .whereLayer("cluster")
          .mayOnlyBeAccessedByLayers("root")
          .whereLayer("security")
          .mayOnlyBeAccessedByLayers("root", "client")
          .whereLayer("config")
          .mayOnlyBeAccessedByLayers("root", "store", "client", "bench", "cluster", "security");

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
}
