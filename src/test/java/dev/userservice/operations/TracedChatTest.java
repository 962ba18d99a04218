package dev.userservice.operations;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.kit.ChatCaller;
import dev.userservice.kit.ClusterNode;
import dev.userservice.kit.Requests;
import dev.userservice.kit.TraceCollector;
import dev.userservice.kit.TraceCollector.Received;
import dev.userservice.kit.Waits;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** The traces of messages that are sent on one server, and received on another. */
@Timeout(
    value = Waits.TEST_SECONDS,
    threadMode = ThreadMode.SEPARATE_THREAD) // a readLine waits for ever
@Tag("slow")
class TracedChatTest {

  @TempDir private Path folder;

  @Test
  void whatIsSaid_isInTheTraceOfWhoSaysIt_onTheOtherServerToo() throws Exception {
    JsonObject cluster = ClusterNode.cluster();
    try (TraceCollector collector = new TraceCollector();
        ClusterNode here = ClusterNode.start(folder, cluster, named(collector, "here"));
        ClusterNode there = ClusterNode.start(folder, cluster, named(collector, "there"))) {
      ChatCaller reader = there.joins();
      List<String> traces = new ArrayList<>();
      List<ChatCaller> speakers = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        traces.add(TraceCollector.newTrace());
        speakers.add(new ChatCaller(here.async(TraceCollector.context(traces.get(i), true))));
      }
      // All at once, so that several share a frame.
      for (int i = 0; i < speakers.size(); i++) {
        speakers.get(i).says(Requests.says(100 + i, "message"));
      }
      for (int i = 0; i < speakers.size(); i++) {
        reader.hears(100 + i);
      }

      for (int i = 0; i < speakers.size(); i++) {
        String trace = traces.get(i);
        Received heard =
            collector.await(span -> span.trace().equals(trace) && span.service().equals("there"));
        assertThat(heard.kind()).isEqualTo(SpanKind.SPAN_KIND_CONSUMER);
        assertThat(heard.span().getTraceState()).isEqualTo(TraceCollector.STATE);
        speakers.get(i).halfCloses();
        Received said =
            collector.await(span -> span.trace().equals(trace) && span.service().equals("here"));
        assertThat(said.name()).isEqualTo("users.v1.UserService/StreamUsers");
        assertThat(heard.parent()).isEqualTo(said.id());
      }
    }
  }

  private static Map<String, String> named(TraceCollector collector, String name) {
    Map<String, String> variables = new TreeMap<>(collector.variables());
    variables.put("OTEL_SERVICE_NAME", name);
    return variables;
  }
}
