package dev.userservice.store;

import java.nio.file.FileSystems;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * File modes for the owner alone, set when a file or folder is created. Empty on systems without
 * modes.
 */
final class OwnerOnly {

  static final FileAttribute<?>[] FILE = mode("rw-------");
  static final FileAttribute<?>[] FOLDER = mode("rwx------");

  private OwnerOnly() {}

  private static FileAttribute<?>[] mode(String mode) {
    return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode))
        }
        : new FileAttribute<?>[0];
  }
}
