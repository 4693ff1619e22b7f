internal import CKernels

/// Exact sizes of the scratch memory that kernels ask of their caller, in bytes.
public enum ScratchBytes {
  /// The most query rows of one head whose attention scores exist at once on one thread.
  public static let attentionTileRows = Int(PF_ATTENTION_TILE_ROWS)

  /// Scratch of ``KernelContext/attentionForward(_:q:k:v:context:scratch:)``: per thread,
  /// `min(attentionTileRows, maxLength) × maxLength` floats, rounded up to whole 64-byte lines.
  public static func attentionForward(threads: Int, maxLength: Int) -> Int {
    pf_attention_forward_scratch_bytes(threads, maxLength)
  }

  /// Scratch of ``KernelContext/attentionBackward(_:q:k:v:dcontext:dq:dk:dv:scratch:)``: twice that of forward.
  public static func attentionBackward(threads: Int, maxLength: Int) -> Int {
    pf_attention_backward_scratch_bytes(threads, maxLength)
  }

  /// Scratch of ``KernelContext/updateEmbedding(_:rows:width:dx:heads:order:table:state1:state2:scratch:gradientScale:)``
  /// and of the table's squared norm: one row of floats a thread.
  public static func updateEmbedding(threads: Int, width: Int) -> Int {
    pf_update_embedding_scratch_bytes(threads, width)
  }

  /// Scratch of ``KernelContext/adafactor(_:rows:columns:parameters:gradients:rowState:columnState:scratch:gradientScale:)``:
  /// one row of floats.
  public static func adafactor(columns: Int) -> Int { pf_adafactor_scratch_bytes(columns) }

  /// Scratch of Adafactor for an embedding table: one row of floats, and one more a thread.
  public static func adafactorEmbedding(threads: Int, width: Int) -> Int {
    pf_adafactor_table_scratch_bytes(threads, width)
  }
}
