package dev.userservice.tls;

import static dev.userservice.kit.Requests.get;
import static dev.userservice.kit.Requests.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.userservice.kit.Certificate;
import dev.userservice.kit.ErrorDetails;
import dev.userservice.kit.Recorder;
import dev.userservice.proto.UserMessage;
import dev.userservice.proto.UserServiceGrpc;
import dev.userservice.rpc.RawFrames;
import io.grpc.ManagedChannel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.ssl.SslContext;
import java.io.EOFException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Certificates that are replaced, or expire, while the server runs. */
@Tag("slow")
class TlsReloadTest extends TlsCalls {

  @Test
  void newCertificate_isUsedUnderLoadWithoutAFailedCall() throws Exception {
    start(own.pem());
    SslContext trusting = trusting().build();
    AtomicBoolean stop = new AtomicBoolean();
    AtomicInteger calls = new AtomicInteger();
    AtomicInteger failed = new AtomicInteger();
    List<Thread> load =
        List.of(
            // One lasting connection, and a new one for each call.
            calling(stop, calls, failed, sameChannel(trusting)),
            calling(stop, calls, failed, () -> server.channel(trusting)));

    Certificate next = authority.forServer("next");
    next.replace(own);
    await(() -> name(connectOnce()).equals("CN=next"));
    int before = calls.get();
    await(() -> calls.get() > before + 20);
    stop.set(true);
    for (Thread thread : load) {
      thread.join(SOON.toMillis());
    }

    assertThat(failed).hasValue(0);
    assertThat(tls.messages()).last().asString().contains("CN=next");
  }

  private Supplier<ManagedChannel> sameChannel(SslContext trusting) {
    ManagedChannel channel = server.channel(trusting);
    return () -> channel;
  }

  private static Thread calling(
      AtomicBoolean stop,
      AtomicInteger calls,
      AtomicInteger failed,
      Supplier<ManagedChannel> channels) {
    Thread thread =
        new Thread(
            () -> {
              while (!stop.get()) {
                if (code(channels.get()) != Code.OK) {
                  failed.incrementAndGet();
                }
                calls.incrementAndGet();
              }
            });
    thread.start();
    return thread;
  }

  @Test
  void brokenNewFile_leavesThePreviousCertificate() throws Exception {
    start(mutual());
    SslContext good = with(authority.forClient("good"));

    Files.writeString(own.certificate(), "broken");
    tls.await("has no PEM certificate: \"tls.certificateFile\"; the previous certificate stays");
    assertThat(code(server.channel(good))).isEqualTo(Code.OK);

    authority
        .issue("late", Certificate.server("late").notAfter(Instant.now().minusSeconds(60)))
        .replace(own);
    tls.await("has expired, or is not valid yet");
    assertThat(code(server.channel(good))).isEqualTo(Code.OK);

    authority.forServer("mended").replace(own);
    tls.await("CN=mended");
    await(() -> code(server.channel(good)) == Code.OK);
  }

  @Test
  void newAuthority_isUsed_andThePreviousOnesCallersEnd() throws Exception {
    start(mutual());
    Certificate before = authority.forClient("before");
    Certificate second = Certificate.authority(folder, "second");
    Certificate after = second.forClient("after");
    ManagedChannel open = server.channel(with(before));
    Recorder<UserMessage, UserMessage> chat = chat(open);
    assertThat(code(server.channel(with(after)))).isEqualTo(Code.UNAVAILABLE);
    Path trusted = folder.resolve("trusted");
    Files.copy(authority.certificate(), trusted);
    SslContext newcomer =
        GrpcSslContexts.forClient()
            .trustManager(trusted.toFile())
            .keyManager(after.certificate().toFile(), after.key().toFile())
            .build();

    Files.writeString(
        authority.certificate(),
        Files.readString(trusted) + Files.readString(second.certificate()));
    await(() -> code(server.channel(newcomer)) == Code.OK);
    Recorder<UserMessage, UserMessage> newChat = chat(server.channel(newcomer));
    assertThat(code(open)).as("a connection whose authority is still there").isEqualTo(Code.OK);

    Files.copy(second.certificate(), authority.certificate(), StandardCopyOption.REPLACE_EXISTING);

    assertEnded(chat, "CERTIFICATE_NOT_TRUSTED");
    await(() -> code(open) == Code.UNAVAILABLE);
    assertGoesOn(newChat);
    assertThat(code(server.channel(newcomer))).isEqualTo(Code.OK);
  }

  @Test
  void clientCertificate_thatExpires_endsItsCaller() throws Exception {
    start(mutual());
    Certificate brief = brief();
    Recorder<UserMessage, UserMessage> other = chat(server.channel(with(authority.forClient("c"))));
    ManagedChannel channel = server.channel(with(brief));
    Recorder<UserMessage, UserMessage> chat = chat(channel);

    assertEnded(chat, "CERTIFICATE_EXPIRED");

    await(() -> server.openConnections() == 1);
    assertThat(code(channel))
        .as("a new connection, whose handshake resumes the session or not")
        .isIn(Code.UNAUTHENTICATED, Code.UNAVAILABLE);
    assertGoesOn(other);
  }

  /** A client that ignores the end of its connection gets no answer, or a refusal. */
  @Test
  void clientCertificate_thatExpired_opensNoFurtherCall() throws Exception {
    start(mutual());
    Certificate brief = brief();
    try (RawFrames client = new RawFrames(connect("TLSv1.3", null, brief, "h2"))) {
      getUser(client, 1);
      assertThat(client.next(RawFrames.DATA).stream()).as("a user").isEqualTo(1);
      client.next(RawFrames.GOAWAY);

      getUser(client, 3);

      Set<Integer> answer = new HashSet<>();
      assertThatThrownBy(
              () -> {
                while (true) {
                  RawFrames.Frame frame = client.next();
                  if (frame.stream() == 3) {
                    answer.add(frame.type());
                  }
                }
              })
          .as("the end of the connection")
          .isInstanceOfAny(EOFException.class, SocketException.class);
      assertThat(answer).as("a user").doesNotContain(RawFrames.DATA);
    }
  }

  /** Expires in six seconds: time for a handshake and a call. */
  private Certificate brief() throws Exception {
    return authority.issue(
        "brief", Certificate.builder("brief").notAfter(Instant.now().plusSeconds(6)));
  }

  private static void getUser(RawFrames client, int stream) throws Exception {
    byte[] user = get(1).toByteArray();
    client
        .headers(
            stream,
            new DefaultHttp2Headers()
                .method("POST")
                .scheme("https")
                .authority("localhost")
                .path("/users.v1.UserService/GetUser")
                .add("content-type", "application/grpc"))
        .frame(
            RawFrames.DATA,
            RawFrames.END_STREAM,
            stream,
            ByteBuffer.allocate(5 + user.length)
                .put((byte) 0)
                .putInt(user.length)
                .put(user)
                .array())
        .send();
  }

  private static Recorder<UserMessage, UserMessage> chat(ManagedChannel channel)
      throws InterruptedException {
    Recorder<UserMessage, UserMessage> chat = Recorder.reading();
    UserServiceGrpc.newStub(channel).streamUsers(chat).onNext(says(1, "hello"));
    chat.awaitCount(1);
    return chat;
  }

  private static void assertGoesOn(Recorder<?, ?> call) throws Exception {
    call.cancel();
    assertThat(call.status().getCode()).as("the first end").isEqualTo(Code.CANCELLED);
  }

  private static void assertEnded(Recorder<?, ?> call, String reason) throws Exception {
    StatusRuntimeException ended = call.failure();
    assertThat(ended.getStatus().getCode()).as("%s", ended).isEqualTo(Code.UNAUTHENTICATED);
    assertThat(ErrorDetails.of(ended).reason()).isEqualTo("userservice.dev/" + reason);
  }

  @Test
  void expiredCertificate_startsWithAWarning() throws Exception {
    own =
        authority.issue(
            "late", Certificate.server("late").notAfter(Instant.now().minusSeconds(60)));
    start(own.pem());

    tls.await("clients will reject the certificate of CN=late");
  }

  private X509Certificate connectOnce() {
    try (SSLSocket socket = connect("TLSv1.3", null)) {
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
