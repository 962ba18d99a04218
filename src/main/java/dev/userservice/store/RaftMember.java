package dev.userservice.store;

import dev.userservice.config.Address;
import io.vertx.core.internal.logging.Logger;
import io.vertx.core.internal.logging.LoggerFactory;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.storage.RaftStorage;

/** The engine's server over one folder: its id, its log, its way to the other servers. */
final class RaftMember {

  private static final Logger LOG = LoggerFactory.getLogger(RaftMember.class);

  private final RaftFolder folder;
  private final Optional<RaftMark> mark;
  private final RaftPeerId self;

  // Set by start; the engine's threads may need them before it returns.
  private volatile RaftServer server;
  private volatile RaftPeers peers;

  /** Not started yet; the id is that of the last start, or a new one. */
  RaftMember(RaftFolder folder) {
    this.folder = folder;
    mark = folder.mark();
    self = RaftPeerId.valueOf(mark.map(RaftMark::id).orElseGet(() -> newId(folder.address())));
  }

  private static String newId(Address address) {
    byte[] random = new byte[4];
    new SecureRandom().nextBytes(random);
    return address + "#" + HexFormat.of().formatHex(random);
  }

  RaftFolder folder() {
    return folder;
  }

  RaftPeerId self() {
    return self;
  }

  RaftServer server() {
    return server;
  }

  RaftPeers peers() {
    return peers;
  }

  /**
   * Starts the engine. Its threads may call the machine's listener before this returns.
   *
   * @return the log, when it was complete at the last start
   * @throws StoreException UNUSABLE when the log is missing, cut or unreadable
   */
  Optional<RaftServer.Division> start(
      UsersMachine machine, ReadIndex readIndex, Optional<MemberTrust> trust) {
    StockRatis.prepare();
    RaftProperties settings = RaftSettings.of(folder.address(), folder);
    Parameters parameters = new Parameters();
    RaftRpc.readIndex(parameters, readIndex);
    trust.ifPresent(members -> RaftRpc.trust(parameters, members));
    ClientId client = ClientId.randomId();
    try {
      server =
          RaftServer.newBuilder()
              .setServerId(self)
              .setStateMachineRegistry(group -> machine)
              .setProperties(settings)
              .setParameters(parameters)
              .setOption(RaftStorage.StartupOption.RECOVER)
              .build();
      server.start();
      peers =
          new RaftPeers(
              new RaftRpc().newFactory(parameters).newRaftClientRpc(client, settings), client);
      return mark.isPresent() ? resume(mark.get(), machine) : Optional.empty();
    } catch (IOException | RuntimeException failure) {
      closeServer();
      if (failure instanceof StoreException refused) {
        throw refused;
      }
      LOG.debug("Ratis", failure);
      // The message of the cause may contain users.
      throw folder.unusable(
          "has a log or a snapshot that cannot be read (%s)%%nRestore nothing by hand; %s"
              .formatted(rootOf(failure).getClass().getSimpleName(), folder.ifLost()));
    }
  }

  /** Checks that the log exists, and is as long as it was. */
  private Optional<RaftServer.Division> resume(RaftMark mark, UsersMachine machine)
      throws IOException {
    RaftGroupId group = RaftGroupId.valueOf(mark.group());
    boolean found = hasLog(group);
    boolean complete = mark.stage() == RaftMark.Stage.COMPLETE;
    if (!found && complete) {
      throw folder.unusable("has lost its log%n" + folder.ifLost());
    }
    if (!found) {
      return Optional.empty();
    }
    RaftServer.Division resumed = server.getDivision(group);
    var last = resumed.getRaftLog().getLastEntryTermIndex();
    long end =
        Math.max(last == null ? -1 : last.getIndex(), machine.getLastAppliedTermIndex().getIndex());
    if (end < folder.reached()) {
      throw folder.unusable(
          "has a log that was cut: it ends at entry %d, and had entry %d%%nRestore nothing by hand; %s"
              .formatted(end, folder.reached(), folder.ifLost()));
    }
    return complete ? Optional.of(resumed) : Optional.empty();
  }

  /** Returns true when this server has a log in its folder. */
  boolean hasLog(RaftGroupId group) {
    for (RaftGroupId known : server.getGroupIds()) {
      if (known.equals(group)) {
        return true;
      }
    }
    return false;
  }

  /** Closes the log. Blocks; must not be called on a thread of the engine. */
  void closeServer() {
    try {
      if (server != null) {
        server.close();
      }
    } catch (IOException failure) {
      LOG.debug("Ratis", failure);
    }
  }

  /** Closes the log and releases the folder. Call only after a successful start. */
  void close() {
    peers.close();
    closeServer();
    folder.release();
  }

  private static Throwable rootOf(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }
}
