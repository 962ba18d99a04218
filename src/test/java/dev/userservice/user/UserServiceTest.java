package dev.userservice.user;

import static dev.userservice.kit.Requests.create;
import static dev.userservice.kit.Requests.get;
import static dev.userservice.kit.Requests.john;
import static dev.userservice.kit.Requests.list;
import static dev.userservice.kit.Requests.users;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.rpc.ResourceInfo;
import dev.userservice.kit.ErrorDetails;
import dev.userservice.kit.Recorder;
import dev.userservice.kit.RunningServer;
import dev.userservice.proto.BatchCreateResponse;
import dev.userservice.proto.CreateUserRequest;
import dev.userservice.proto.ListUsersRequest;
import dev.userservice.proto.UserResponse;
import dev.userservice.proto.UserServiceGrpc;
import dev.userservice.proto.UserServiceGrpc.UserServiceBlockingStub;
import io.grpc.CallOptions;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The directory as grpc-java sees it: a foreign client over a real connection. */
class UserServiceTest {

  private RunningServer server;
  private UserServiceBlockingStub stub;

  @BeforeEach
  void start() {
    server = RunningServer.start(2, new JsonObject());
    stub = server.blocking();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void getUser_sampleUser() {
    assertThat(stub.getUser(get(1)))
        .isEqualTo(
            UserResponse.newBuilder()
                .setUserId(1)
                .setName("Alice Johnson")
                .setEmail("alice@example.com")
                .setAge(28)
                .setCreatedAt("2025-10-29T10:00:00Z")
                .build());
  }

  @Test
  void getUser_unknownId() {
    StatusRuntimeException failure = failure(() -> stub.getUser(get(42)));

    assertThat(failure.getStatus().getCode()).isEqualTo(Code.NOT_FOUND);
    assertThat(failure.getStatus().getDescription()).isEqualTo("User with ID 42 not found");
    ErrorDetails details = ErrorDetails.of(failure);
    assertThat(details.reason()).isEqualTo("userservice.dev/USER_NOT_FOUND");
    assertThat(details.get(ResourceInfo.class).getResourceType()).isEqualTo("users.v1.User");
    assertThat(details.get(ResourceInfo.class).getResourceName()).isEqualTo("42");
  }

  @Test
  void getUser_idBelowOne() {
    for (int id : new int[] {0, -1, Integer.MIN_VALUE}) {
      StatusRuntimeException failure = failure(() -> stub.getUser(get(id)));

      assertThat(failure.getStatus().getCode()).isEqualTo(Code.INVALID_ARGUMENT);
      assertThat(ErrorDetails.of(failure).fields()).containsExactly("user_id");
    }
  }

  @Test
  void createUser_afterTheSamples() {
    UserResponse user = stub.createUser(john());

    assertThat(user.getUserId()).isEqualTo(6);
    assertThat(user.getName()).isEqualTo("John Doe");
    assertThat(user.getEmail()).isEqualTo("john.doe@example.com");
    assertThat(user.getAge()).isEqualTo(32);
    assertThat(user.getCreatedAt()).endsWith("Z");
    assertThat(Instant.parse(user.getCreatedAt()))
        .isBetween(Instant.now().minus(Duration.ofMinutes(1)), Instant.now());
    assertThat(stub.getUser(get(6))).isEqualTo(user);
  }

  @Test
  void createUser_emailTakenInAnotherCase() {
    StatusRuntimeException failure =
        failure(() -> stub.createUser(create("Alice Again", "ALICE@Example.com", 0)));

    assertThat(failure.getStatus().getCode()).isEqualTo(Code.ALREADY_EXISTS);
    assertThat(failure.getStatus().getDescription())
        .isEqualTo("email ALICE@Example.com belongs to another user");
    assertThat(ErrorDetails.of(failure).reason()).isEqualTo("userservice.dev/EMAIL_TAKEN");
    assertThat(stub.createUser(john()).getUserId())
        .as("a refused create uses no id up")
        .isEqualTo(6);
  }

  @Test
  void createUser_allViolationsAtOnce() {
    StatusRuntimeException failure =
        failure(() -> stub.createUser(create(" ", "not-an-address", 151)));

    assertThat(failure.getStatus().getCode()).isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(failure.getStatus().getDescription())
        .isEqualTo(
            "name must have 1 to 100 characters; "
                + "email must be an e-mail address such as alice@example.com; "
                + "age must be 0 (not given) to 150");
    ErrorDetails details = ErrorDetails.of(failure);
    assertThat(details.reason()).isEqualTo("userservice.dev/INVALID_FIELDS");
    assertThat(details.fields()).containsExactly("name", "email", "age");
    assertThat(details.status().getMessage()).isEqualTo(failure.getStatus().getDescription());
  }

  static Stream<Arguments> badFields() {
    return Stream.of(
        Arguments.of("name", create("", "a@b", 1)),
        Arguments.of("name", create(" \t\u00a0\u3000", "a@b", 1)),
        Arguments.of("name", create("x".repeat(101), "a@b", 1)),
        Arguments.of("name", create("\ud83d\ude00".repeat(101), "a@b", 1)),
        Arguments.of("name", create("e\u0301".repeat(20_000), "a@b", 1)),
        Arguments.of("name", create("line\nbreak", "a@b", 1)),
        Arguments.of("name", create("null\u0000", "a@b", 1)),
        Arguments.of("name", create("c1\u0085x", "a@b", 1)),
        Arguments.of("name", create("line\u2028separator", "a@b", 1)),
        Arguments.of("email", create("A", "", 1)),
        Arguments.of("email", create("A", "a", 1)),
        Arguments.of("email", create("A", "@b", 1)),
        Arguments.of("email", create("A", "a@", 1)),
        Arguments.of("email", create("A", "a@b@c", 1)),
        Arguments.of("email", create("A", "a b@c", 1)),
        Arguments.of("email", create("A", " a@b", 1)),
        Arguments.of("email", create("A", "a@b\n", 1)),
        Arguments.of("email", create("A", "a@-b", 1)),
        Arguments.of("email", create("A", "a@b-", 1)),
        Arguments.of("email", create("A", "a@b..c", 1)),
        Arguments.of("email", create("A", "a@" + "b".repeat(64), 1)),
        Arguments.of("email", create("A", "\u00e4@b", 1)),
        Arguments.of("email", create("A", "a".repeat(253) + "@b", 1)),
        Arguments.of("age", create("A", "a@b", -1)),
        Arguments.of("age", create("A", "a@b", 151)));
  }

  @ParameterizedTest
  @MethodSource("badFields")
  void createUser_badField(String field, CreateUserRequest request) {
    StatusRuntimeException failure = failure(() -> stub.createUser(request));

    assertThat(failure.getStatus().getCode()).isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(ErrorDetails.of(failure).fields()).containsExactly(field);
  }

  static Stream<Arguments> limits() {
    return Stream.of(
        Arguments.of(create("x", "a@b", 0), "x"),
        Arguments.of(create("x".repeat(100), "b@b", 150), "x".repeat(100)),
        Arguments.of(create("\ud83d\ude00".repeat(100), "c@b", 1), "\ud83d\ude00".repeat(100)),
        Arguments.of(create(" \u3000 Bj\u00f6rn\u00a0", "d@b", 1), "Bj\u00f6rn"),
        Arguments.of(create("e\u0301".repeat(100), "e@b", 1), "\u00e9".repeat(100)),
        Arguments.of(create("x", "a".repeat(252) + "@b", 1), "x"),
        Arguments.of(create("x", "a@" + "b".repeat(63) + ".c", 1), "x"),
        Arguments.of(create("x", "!#$%&'*+/=?^_`{|}~.-@b", 1), "x"));
  }

  @ParameterizedTest
  @MethodSource("limits")
  void createUser_atTheLimit(CreateUserRequest request, String name) {
    UserResponse user = stub.createUser(request);

    assertThat(user.getName()).isEqualTo(name);
    assertThat(user.getEmail()).isEqualTo(request.getEmail());
  }

  @Test
  void listUsers_limitAndStart() {
    assertThat(ids(list(3, 0))).containsExactly(1, 2, 3);
    assertThat(ids(list(0, 0))).containsExactly(1, 2, 3, 4, 5);
    assertThat(ids(list(2, 2))).containsExactly(3, 4);
    assertThat(ids(list(0, 4))).containsExactly(5);
    assertThat(ids(list(7, 5))).isEmpty();
    assertThat(ids(list(Integer.MAX_VALUE, Integer.MAX_VALUE))).isEmpty();
  }

  @Test
  void listUsers_negative() {
    StatusRuntimeException failure = failure(() -> ids(list(-1, -1)));

    assertThat(failure.getStatus().getCode()).isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(ErrorDetails.of(failure).fields()).containsExactly("limit", "after_user_id");
  }

  @Test
  void listUsers_manyPages() throws Exception {
    assertThat(batch(users(2_500)).messages()).hasSize(1);

    assertThat(ids(list(0, 0))).containsExactlyElementsOf(range(1, 2_505));
    assertThat(ids(list(1_000, 5))).containsExactlyElementsOf(range(6, 1_005));
    assertThat(ids(list(1_001, 5))).containsExactlyElementsOf(range(6, 1_006));
  }

  @Test
  void batchCreateUsers_idsInTheOrderOfTheStream() throws Exception {
    stub.createUser(john());

    Recorder<CreateUserRequest, BatchCreateResponse> batch = batch(users(3));

    assertThat(batch.status().getCode()).isEqualTo(Code.OK);
    assertThat(batch.messages())
        .containsExactly(
            BatchCreateResponse.newBuilder()
                .setUsersCreated(3)
                .addAllUserIds(List.of(7, 8, 9))
                .build());
    assertThat(stub.getUser(get(8)).getEmail()).isEqualTo("user1@example.com");
  }

  @Test
  void batchCreateUsers_noItems() throws Exception {
    assertThat(batch(List.of()).messages())
        .containsExactly(BatchCreateResponse.getDefaultInstance());
  }

  @Test
  void batchCreateUsers_badItems() throws Exception {
    List<CreateUserRequest> items = new ArrayList<>(users(4));
    items.set(1, create("", "b@example.com", 1));
    items.set(3, create("C", "not-an-address", -1));

    StatusRuntimeException failure = batch(items).failure();

    assertThat(failure.getStatus().getCode()).isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(failure.getStatus().getDescription())
        .startsWith("items[1].name must have 1 to 100 characters; items[3].email must be");
    assertThat(ErrorDetails.of(failure).fields())
        .containsExactly("items[1].name", "items[3].email", "items[3].age");
    assertNoUserWasCreated();
  }

  @Test
  void batchCreateUsers_onlyBadItems() throws Exception {
    List<CreateUserRequest> items =
        IntStream.range(0, 5_000).mapToObj(i -> create("", "", -1)).toList();

    StatusRuntimeException failure = batch(items).failure();

    assertThat(failure.getStatus().getCode()).isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(ErrorDetails.of(failure).fields()).hasSizeBetween(10, 12);
    assertNoUserWasCreated();
  }

  @Test
  void batchCreateUsers_emailTaken() throws Exception {
    List<CreateUserRequest> items = new ArrayList<>(users(3));
    items.set(2, create("Eve Again", "EVE@example.com", 1));

    StatusRuntimeException failure = batch(items).failure();

    assertThat(failure.getStatus().getCode()).isEqualTo(Code.ALREADY_EXISTS);
    assertThat(failure.getStatus().getDescription())
        .isEqualTo("items[2].email EVE@example.com belongs to another user");
    assertThat(ErrorDetails.of(failure).fields()).containsExactly("items[2].email");
    assertNoUserWasCreated();
  }

  @Test
  void batchCreateUsers_sameEmailTwice() throws Exception {
    StatusRuntimeException failure =
        batch(List.of(create("A", "new@example.com", 1), create("B", "NEW@example.com", 1)))
            .failure();

    assertThat(failure.getStatus().getCode()).isEqualTo(Code.ALREADY_EXISTS);
    assertThat(failure.getStatus().getDescription())
        .isEqualTo("items[1].email NEW@example.com is the same as items[0].email");
    assertThat(ErrorDetails.of(failure).reason()).isEqualTo("userservice.dev/EMAIL_REPEATED");
    assertThat(ErrorDetails.of(failure).fields()).containsExactly("items[1].email");
    assertThat(ErrorDetails.of(failure).get(ResourceInfo.class).getResourceName())
        .isEqualTo("NEW@example.com");
    assertNoUserWasCreated();
    assertThat(stub.createUser(create("A", "new@example.com", 1)).getUserId()).isEqualTo(6);
  }

  @Test
  void batchCreateUsers_atAndPastTheLimit() throws Exception {
    assertThat(batch(users(10_001)).failure().getStatus().getCode())
        .isEqualTo(Code.RESOURCE_EXHAUSTED);
    assertNoUserWasCreated();

    assertThat(batch(users(10_000)).status().getCode()).isEqualTo(Code.OK);
  }

  @Test
  void batchCreateUsers_cancelled() throws Exception {
    Recorder<CreateUserRequest, BatchCreateResponse> batch = Recorder.reading();
    StreamObserver<CreateUserRequest> items = server.async().batchCreateUsers(batch);
    users(100).forEach(items::onNext);
    batch.cancel();

    assertThat(batch.status().getCode()).isEqualTo(Code.CANCELLED);
    assertNoUserWasCreated();
  }

  @Test
  void unknownMethod() {
    var nope =
        UserServiceGrpc.getGetUserMethod().toBuilder()
            .setFullMethodName("users.v1.UserService/Nope")
            .build();
    StatusRuntimeException failure =
        failure(
            () ->
                ClientCalls.blockingUnaryCall(server.channel(), nope, CallOptions.DEFAULT, get(1)));

    assertThat(failure.getStatus().getCode()).isEqualTo(Code.UNIMPLEMENTED);
    assertThat(failure.getStatus().getDescription()).contains("users.v1.UserService/Nope");
    assertThat(ErrorDetails.of(failure).reason()).isEqualTo("userservice.dev/UNKNOWN_METHOD");
  }

  private void assertNoUserWasCreated() {
    assertThat(ids(list(0, 0))).containsExactly(1, 2, 3, 4, 5);
  }

  private List<Integer> ids(ListUsersRequest request) {
    List<Integer> ids = new ArrayList<>();
    stub.listUsers(request).forEachRemaining(user -> ids.add(user.getUserId()));
    return ids;
  }

  /** Sends a whole batch and waits for its end. */
  private Recorder<CreateUserRequest, BatchCreateResponse> batch(List<CreateUserRequest> users)
      throws Exception {
    Recorder<CreateUserRequest, BatchCreateResponse> batch = Recorder.reading();
    StreamObserver<CreateUserRequest> items = server.async().batchCreateUsers(batch);
    users.forEach(items::onNext);
    items.onCompleted();
    batch.status();
    return batch;
  }

  private static StatusRuntimeException failure(ThrowingCallable call) {
    StatusRuntimeException failure = catchThrowableOfType(StatusRuntimeException.class, call);
    assertThat(failure).as("the call failed").isNotNull();
    return failure;
  }

  private static List<Integer> range(int first, int last) {
    return IntStream.rangeClosed(first, last).boxed().toList();
  }
}
