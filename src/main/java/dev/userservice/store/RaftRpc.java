package dev.userservice.store;

import java.util.function.BiConsumer;
import javax.net.ssl.SSLException;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcFactory;
import org.apache.ratis.grpc.client.GrpcClientRpc;
import org.apache.ratis.grpc.server.GrpcServices;
import org.apache.ratis.grpc.server.GrpcServicesImpl;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.rpc.RpcType;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.leader.LeaderState;
import org.apache.ratis.server.leader.LogAppender;
import org.apache.ratis.thirdparty.io.grpc.netty.GrpcSslContexts;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.ClientAuth;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslContext;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslContextBuilder;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslProvider;

/**
 * The gRPC of the engine with the TLS of the JDK; the engine's own server requires OpenSSL. The
 * engine creates an instance by the name of this class.
 */
public final class RaftRpc implements RpcType {

  private static final String TRUST = MemberTrust.class.getName();
  private static final String READ_INDEX = ReadIndex.class.getName();

  private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

  /** Passes the trust between members to the instance that the engine creates. */
  static void trust(Parameters parameters, MemberTrust trust) {
    parameters.put(TRUST, trust, MemberTrust.class);
  }

  /** Passes the read index to the instance that the engine creates. */
  static void readIndex(Parameters parameters, ReadIndex readIndex) {
    parameters.put(READ_INDEX, readIndex, ReadIndex.class);
  }

  @Override
  public String name() {
    return RaftRpc.class.getName();
  }

  @Override
  public GrpcFactory newFactory(Parameters parameters) {
    MemberTrust trust = parameters.get(TRUST, MemberTrust.class);
    ReadIndex readIndex = parameters.get(READ_INDEX, ReadIndex.class);
    return trust == null ? new Factory(readIndex) : new TlsFactory(readIndex, trust);
  }

  private static class Factory extends GrpcFactory {

    private final ReadIndex readIndex;

    Factory(ReadIndex readIndex) {
      super(new Parameters());
      this.readIndex = readIndex;
    }

    @Override
    public LogAppender newLogAppender(
        RaftServer.Division raftServer, LeaderState state, FollowerInfo follower) {
      return readIndex.newAppender(raftServer, state, follower);
    }

    @Override
    public GrpcServices newRaftServerRpc(RaftServer raftServer) {
      return super.newRaftServerRpc(mended(raftServer));
    }

    /** The server for requests of other servers, without the faults of Ratis 3.2.2. */
    static RaftServer mended(RaftServer server) {
      return OwnId.only(ConfirmingHeartbeats.of(OneAppendAtATime.of(server)));
    }
  }

  private static final class TlsFactory extends Factory {

    private final SslContext server;
    private final SslContext client;
    private final BiConsumer<String, Throwable> failed;

    TlsFactory(ReadIndex readIndex, MemberTrust trust) {
      super(readIndex);
      failed = trust.failed();
      server =
          build(
              SslContextBuilder.forServer(trust.keys())
                  .trustManager(trust.trust())
                  .clientAuth(ClientAuth.REQUIRE));
      client =
          build(SslContextBuilder.forClient().keyManager(trust.keys()).trustManager(trust.trust()));
    }

    private static SslContext build(SslContextBuilder builder) {
      try {
        return GrpcSslContexts.configure(builder.protocols(PROTOCOLS), SslProvider.JDK).build();
      } catch (SSLException e) {
        throw new IllegalStateException("this JDK has no TLS", e);
      }
    }

    @Override
    public GrpcServices newRaftServerRpc(RaftServer raftServer) {
      return GrpcServicesImpl.newBuilder()
          .setServer(mended(raftServer))
          .setCustomizer(
              (builder, types) -> builder.protocolNegotiator(new RaftHandshakes(server, failed)))
          .setAdminSslContext(server)
          .setClientSslContext(server)
          .setServerSslContextForServer(server)
          .setServerSslContextForClient(client)
          .build();
    }

    @Override
    public GrpcClientRpc newRaftClientRpc(ClientId id, RaftProperties settings) {
      return new GrpcClientRpc(id, settings, client, client);
    }
  }
}
