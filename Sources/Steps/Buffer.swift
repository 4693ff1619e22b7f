import Graph

/// Index of a buffer in its step or template.
public typealias BufferID = Int

/// What a buffer is for; prices are reported by it.
public enum BufferCategory: String, Sendable, Codable, CodingKeyRepresentable, CaseIterable {
  case weights, gradients, optimizer
  /// Forward tensors that backward reads.
  case activations
  /// Forward tensors that backward does not read, and gradients of activations.
  case temporaries
  /// Scratch that kernels need while they run.
  case workspace
  /// Token ids, positions, labels.
  case inputs
}

/// Which nodes of a feed-forward pair a buffer holds.
public enum NodeSide: String, Sendable, Codable, CaseIterable { case learners, frozen }

/// One extent of a buffer, resolved by the recipe and the selection.
public enum Dimension: Hashable, Sendable {
  case fixed(Int)
  /// T, tokens of a micro-batch.
  case tokens
  /// Sequences of a micro-batch.
  case sequences
  /// Tokens of all micro-batches.
  case batchTokens
  case nodes(layer: Int, NodeSide)

  func resolved(_ recipe: Recipe, retained: [Int], nodes: Int) -> Int {
    switch self {
    case .fixed(let count): count
    case .tokens: recipe.tokens
    case .sequences: recipe.microBatch
    case .batchTokens: recipe.batchTokens
    case .nodes(let layer, .learners): retained[layer]
    case .nodes(let layer, .frozen): nodes - retained[layer]
    }
  }
}

/// A buffer of the step with every decision still open; a class, because thousands of steps are made of it.
public final class BufferTemplate: Sendable {
  public enum Content: Hashable, Sendable {
    case parameter(ParameterPart)
    case state(ParameterPart, index: Int)
    case input
    case transient
  }

  public let name: String
  public let category: BufferCategory
  public let content: Content
  /// Rows and columns of elements, row-major; a selection decides their format.
  public let rows: Dimension
  public let columns: Dimension
  /// Holds what earlier micro-batches left, so it is alive from the first kernel on.
  public let persists: Bool
  /// Of one element, unless a selection decides it.
  public let format: ElementFormat

  package init(
    name: String, category: BufferCategory, content: Content, rows: Dimension, columns: Dimension,
    persists: Bool = false, format: ElementFormat = .float32
  ) {
    self.name = name
    self.category = category
    self.content = content
    self.rows = rows
    self.columns = columns
    self.persists = persists
    self.format = format
  }

  /// Lives through the whole step and from one step to the next.
  public var isStatic: Bool { content != .transient }

  /// The layer whose retention decides the size, if any.
  public var nodeLayer: Int? {
    for case .nodes(let layer, _) in [rows, columns] { return layer }
    return nil
  }
}

/// Byte arithmetic shared by everyone who sizes buffers.
public enum Bytes {
  /// F32 and Int32 alike.
  public static let element = 4
  /// A cache line on every processor of interest, and enough for 512-bit vectors.
  public static let alignment = 64

  public static func aligned(_ bytes: Int) -> Int { rounded(bytes, to: alignment) }

  /// Rounded up to a multiple.
  public static func rounded(_ bytes: Int, to multiple: Int) -> Int {
    (bytes + multiple - 1) / multiple * multiple
  }
}
