package dev.userservice;

class Main {}
