package dev.userservice.config;

public record StoreConfig(String type) {}
