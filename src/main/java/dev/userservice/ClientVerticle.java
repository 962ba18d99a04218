package dev.userservice;

import io.vertx.core.VerticleBase;

public final class ClientVerticle extends VerticleBase {}
