package dev.userservice.compare;

import java.nio.file.Path;
import java.util.Map;

/** Who makes which load. */
final class Generators {

  private final Generator h2load;
  private final Generator packed = new PackedBatches();

  Generators(Path scratch, Map<String, String> commands) {
    h2load = new H2load(scratch, commands);
  }

  Generator of(Load load) {
    return switch (load.kind()) {
      case GET, LIST, CHAT -> h2load;
      case PACKED -> packed;
      default -> throw new IllegalStateException("nobody makes " + load.name() + " yet");
    };
  }
}
