package dev.userservice.operations;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.ConsoleHandler;
import java.util.logging.Filter;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Callers cannot fill the log, whatever they make libraries write. */
class LogBoundTest {

  private final AtomicLong nanos = new AtomicLong(-5);
  private final LogBound bound = new LogBound(nanos::get);
  private final List<String> written = new ArrayList<>();

  @Test
  void libraries_writeOneLinePerSecondAndLogger() {
    for (int i = 0; i < 1_000; i++) {
      log("io.netty.channel.AbstractChannelHandlerContext", Level.WARNING, "thrown");
      log("io.vertx.core.impl.ContextImpl", Level.SEVERE, "Unhandled exception");
    }
    assertThat(written).containsExactly("thrown", "Unhandled exception");

    nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
    log("io.netty.channel.AbstractChannelHandlerContext", Level.WARNING, "thrown");
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
    log("io.netty.channel.AbstractChannelHandlerContext", Level.WARNING, "again");
    assertThat(written)
        .endsWith("Unhandled exception", "thrown; and 999 more since the last line", "again");
  }

  @Test
  void ownLoggersAndProgress_areNotBounded() {
    for (int i = 0; i < 10; i++) {
      log("dev.userservice.rpc.Failures", Level.SEVERE, "an id");
      log("io.vertx.core.impl.Something", Level.INFO, "progress");
      log(null, Level.SEVERE, "nameless");
    }
    assertThat(written).hasSize(30);
  }

  @Test
  void log_isWrittenWithinTheBound() {
    ConsoleHandler console =
        Stream.of(Logger.getLogger("").getHandlers())
            .filter(ConsoleHandler.class::isInstance)
            .map(ConsoleHandler.class::cast)
            .findFirst()
            .orElseThrow();
    Formatter formatter = console.getFormatter();
    Filter filter = console.getFilter();
    try {
      LogFormat.use(false, () -> TraceIds.NONE);
      LogRecord line = new LogRecord(Level.WARNING, "thrown");
      line.setLoggerName("io.netty.channel.DefaultChannelPipeline");
      assertThat(console.isLoggable(line)).isTrue();
      assertThat(console.isLoggable(line)).isFalse();
    } finally {
      console.setFormatter(formatter);
      console.setFilter(filter);
    }
  }

  private void log(String logger, Level level, String message) {
    LogRecord line = new LogRecord(level, message);
    line.setLoggerName(logger);
    if (bound.isLoggable(line)) {
      written.add(line.getMessage());
    }
  }
}
