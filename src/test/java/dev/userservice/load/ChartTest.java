package dev.userservice.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.userservice.config.LoadName;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

class ChartTest {

  private static LoadResult result(LoadName name, long... micros) {
    Histogram latencies = new Histogram(1_000, 1_000_000_000_000L, 3);
    for (long latency : micros) {
      latencies.recordValue(latency * 1_000);
    }
    return new LoadResult(name, latencies, 0, new Failures(), 1, 1, 1);
  }

  private static Document parsed(String svg) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    return factory
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void names_areEscaped() throws Exception {
    Document svg = parsed(Chart.of(List.of(result(LoadName.GET, 5)), "a<b & \"c\">"));

    assertThat(svg.getElementsByTagName("text").item(1).getTextContent()).isEqualTo("a<b & \"c\">");
  }

  @Test
  void lines_stayInThePlot_andGoUp() throws Exception {
    Document svg =
        parsed(
            Chart.of(List.of(result(LoadName.GET, 1, 20, 3_000_000), result(LoadName.CHAT)), ""));

    assertThat(svg.getElementsByTagName("polyline").getLength()).isEqualTo(1);
    Element line = (Element) svg.getElementsByTagName("polyline").item(0);
    List<double[]> points =
        Stream.of(line.getAttribute("points").split(" "))
            .map(point -> Stream.of(point.split(",")).mapToDouble(Double::parseDouble).toArray())
            .toList();
    assertThat(points)
        .allSatisfy(
            point -> {
              assertThat(point[0]).isBetween(80.0, 720.0);
              assertThat(point[1]).isBetween(60.0, 390.0);
            });
    assertThat(points.stream().map(point -> -point[1]).toList()).isSorted();
  }

  @Test
  void nothingMeasured_isStillAChart() throws Exception {
    assertThat(
            parsed(Chart.of(List.of(result(LoadName.GET)), "")).getDocumentElement().getTagName())
        .isEqualTo("svg");
  }
}
