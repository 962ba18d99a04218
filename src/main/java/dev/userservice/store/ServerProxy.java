package dev.userservice.store;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.server.RaftServer;

/** A server of the engine whose calls a subclass handles first. */
abstract class ServerProxy implements InvocationHandler {

  final RaftServer server;

  ServerProxy(RaftServer server) {
    this.server = server;
  }

  final RaftServer proxy() {
    return (RaftServer)
        Proxy.newProxyInstance(
            RaftServer.class.getClassLoader(), new Class<?>[] {RaftServer.class}, this);
  }

  /** The request of a call to append entries, or of a heartbeat; null for another call. */
  static AppendEntriesRequestProto append(Method method, Object[] arguments) {
    return method.getName().equals("appendEntriesAsync")
            && arguments[0] instanceof AppendEntriesRequestProto request
        ? request
        : null;
  }

  /** Passes a call on to the server, with the failure that the server has. */
  final Object pass(Method method, Object[] arguments) throws Throwable {
    try {
      return method.invoke(server, arguments);
    } catch (InvocationTargetException failure) {
      throw failure.getCause();
    }
  }
}
