package dev.userservice.fuzz;

import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Runs the fuzz by hand, with random seeds, for a given time. */
final class Fuzz {

  private static final int BATCHES = 5;
  private static final long REPORT_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final int REPORTS_PER_CENSUS = 10;

  private Fuzz() {}

  /**
   * Runs without a build tool.
   *
   * @param args {@code MINUTES}, or {@code replay SEED} for the one scenario of a finding
   */
  public static void main(String[] args) throws Exception {
    Path folder = Files.createTempDirectory("fuzz");
    List<FuzzRun.Finding> findings =
        args[0].equals("replay")
            ? replay(Long.parseLong(args[1]), folder)
            : byHand(Integer.parseInt(args[0]), folder, new JsonObject());
    System.exit(findings.isEmpty() ? 0 : 1);
  }

  private static List<FuzzRun.Finding> replay(long seed, Path folder) throws Exception {
    try (FuzzRun run = new FuzzRun(folder, new JsonObject())) {
      run.replay(seed);
      run.findings().forEach(System.out::println);
      return run.findings();
    }
  }

  private static List<FuzzRun.Finding> byHand(int minutes, Path folder, JsonObject config)
      throws Exception {
    long start = System.nanoTime();
    long end = start + TimeUnit.MINUTES.toNanos(minutes);
    long report = start;
    int reports = 0;
    try (FuzzRun run = new FuzzRun(folder, config)) {
      while (System.nanoTime() < end) {
        run.play(ThreadLocalRandom.current().nextLong(), BATCHES);
        if (System.nanoTime() - report > REPORT_NANOS) {
          report = System.nanoTime();
          System.out.printf(
              "%d s, %d scenarios, %d findings%n",
              TimeUnit.NANOSECONDS.toSeconds(report - start), run.played(), run.findings().size());
          if (++reports % REPORTS_PER_CENSUS == 0) {
            System.out.println(run.arena().server().census());
            run.checkLeaks();
          }
        }
      }
      run.checkLeaks();
      System.out.println("In all: " + run.played() + " scenarios");
      run.findings().forEach(System.out::println);
      return run.findings();
    }
  }
}
