package dev.userservice.user;

/** Memory without a limit. */
final class Unbounded implements Holder {

  static final Holder MEMORY = new Unbounded();

  private Unbounded() {}

  @Override
  public boolean hold(int bytes) {
    return true;
  }

  @Override
  public void release(int bytes) {}

  @Override
  public Throwable exceeded() {
    return new AssertionError("never exceeded");
  }
}
