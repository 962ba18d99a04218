package dev.userservice;

public class Main {
  public static void main(String[] args) {}
}
