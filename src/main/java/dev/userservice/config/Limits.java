package dev.userservice.config;

public record Limits(int batchUsers, int chatQueue) {}
