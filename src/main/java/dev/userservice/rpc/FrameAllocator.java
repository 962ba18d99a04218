package dev.userservice.rpc;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledHeapByteBuf;

/**
 * The allocator of an HTTP/2 connection. What is read and what is sent is in pooled direct buffers,
 * and the small frames that the codec writes are on the heap, since {@link JoinedWrites} or TLS
 * copies them: pooled, they were a fifth of the cost of a small call.
 */
final class FrameAllocator extends AbstractByteBufAllocator {

  static final FrameAllocator INSTANCE = new FrameAllocator();

  private FrameAllocator() {
    super(true);
  }

  @Override
  public ByteBuf buffer() {
    return heapBuffer();
  }

  @Override
  public ByteBuf buffer(int capacity) {
    return capacity < JoinedWrites.LARGE_BYTES ? heapBuffer(capacity) : directBuffer(capacity);
  }

  @Override
  public boolean isDirectBufferPooled() {
    return true;
  }

  @Override
  protected ByteBuf newHeapBuffer(int capacity, int maxCapacity) {
    return new UnpooledHeapByteBuf(this, capacity, maxCapacity);
  }

  @Override
  protected ByteBuf newDirectBuffer(int capacity, int maxCapacity) {
    return ByteBufAllocator.DEFAULT.directBuffer(capacity, maxCapacity);
  }
}
