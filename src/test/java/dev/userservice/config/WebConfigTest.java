package dev.userservice.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WebConfigTest {

  @Test
  void origins_asBrowsersSendThem() {
    assertThat(origins()).isEmpty();
    assertThat(
            origins(
                "https://app.example.com", "http://localhost:3000", "https://[2001:db8::1]:8443"))
        .containsExactly(
            "https://app.example.com", "http://localhost:3000", "https://[2001:db8::1]:8443");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "*",
        "null",
        "app.example.com",
        "https://",
        "https://app.example.com/",
        "https://app.example.com/page",
        "https://app.example.com?x",
        "https://user@app.example.com",
        "https://App.example.com",
        "HTTPS://app.example.com",
        "https://app.example.com:443",
        "http://app.example.com:80",
        "ftp://app.example.com",
        "https://*.example.com",
        "https://a b"
      })
  void origins_thatNoBrowserSends_areRefused(String origin) {
    assertThatThrownBy(() -> origins(origin))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("\"web.origins\"")
        .hasMessageContaining("such as \"https://app.example.com\"");
  }

  @Test
  void pageAndSocket_areOnUnlessSwitchedOff() {
    WebConfig defaults = web(new JsonObject());
    assertThat(defaults.page()).isTrue();
    assertThat(defaults.socket()).isTrue();

    assertThat(web(new JsonObject().put("page", false)))
        .isEqualTo(new WebConfig(List.of(), false, true));
    assertThat(web(new JsonObject().put("socket", false)))
        .isEqualTo(new WebConfig(List.of(), true, false));
  }

  private static List<String> origins(String... origins) {
    return web(new JsonObject().put("origins", new JsonArray(List.of(origins)))).origins();
  }

  private static WebConfig web(JsonObject web) {
    return ServerConfig.from(new JsonObject().put("web", web)).web();
  }
}
