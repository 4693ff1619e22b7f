import CSystem

/// The C library's heap.
public enum Heap {
  /// Gives free heap pages back to the system, so that what is resident is what is in use.
  public static func releaseFreePages() { csystem_release_free_heap() }
}
