import Graph
import Kernels
import Steps

extension KernelBinder {
  func embedding(_ kernel: Kernel) -> BoundKernel {
    let context = context
    let (word, position) = (matrix(kernel, .weight), matrix(kernel, .weight2))
    let type = kernel.operand(.weight3).map { _ in matrix(kernel, .weight3) }
    let (ids, positions) = (integers(kernel, .ids), integers(kernel, .positions))
    let types = type.map { _ in integers(kernel, .types) }
    let output = floats(kernel, .output)
    return { state in
      context.embeddingForward(
        tokens: state.tokens, word: word, ids: ids + state.firstToken, position: position,
        positions: positions + state.firstToken, type: type, types: types.map { $0 + state.firstToken },
        out: output)
    }
  }

  func tokenIndex(_ kernel: Kernel) -> BoundKernel {
    let context = context
    let rows = buffer(kernel, .starts).columns - 1
    let ids = integers(kernel, .ids)
    let (starts, order) = (integers(kernel, .starts), integers(kernel, .order))
    return { state in
      context.embeddingIndex(tokens: state.batchTokens, rows: rows, ids: ids, heads: starts, order: order)
    }
  }

  func update(_ kernel: Kernel, _ decays: Bool) -> BoundKernel {
    let context = context
    let tensor = buffer(kernel, .weight)
    let (weights, gradients) = (floats(kernel, .weight), floats(kernel, .gradient))
    let states = states(kernel)
    let workspace =
      kernel.operand(.workspace) == nil
      ? nil : scratch(kernel, needs: ScratchBytes.adafactor(columns: tensor.columns))
    return { state in
      let scale = state.gradientScale
      switch (decays ? state.decaying : state.plain, states.isBlockwise) {
      case (.elementwise(let rule), false):
        context.update(
          rule, count: tensor.count, parameters: weights, gradients: gradients,
          state1: states.first?.floats, state2: states.second?.floats, gradientScale: scale)
      case (.elementwise(let rule), true):
        context.updateEightBit(
          rule, count: tensor.count, parameters: weights, gradients: gradients, state1: states.first,
          state2: states.second, gradientScale: scale)
      case (.factored(let rule), _):
        guard let first = states.first?.floats else { return }
        if let second = states.second?.floats, let workspace {
          context.adafactor(
            rule, rows: tensor.rows, columns: tensor.columns, parameters: weights, gradients: gradients,
            rowState: first, columnState: second, scratch: workspace, gradientScale: scale)
        } else {
          context.adafactor(
            rule, count: tensor.count, parameters: weights, gradients: gradients, state: first,
            gradientScale: scale)
        }
      }
    }
  }

  func updateEmbedding(_ kernel: Kernel, _ decays: Bool) -> BoundKernel {
    let context = context
    let table = buffer(kernel, .weight)
    let (weights, gradient) = (floats(kernel, .weight), floats(kernel, .gradient))
    let (starts, order) = (integers(kernel, .starts), integers(kernel, .order))
    let states = states(kernel)
    let isFactored = step.recipe.optimizer == .adafactor
    let scratch = scratch(
      kernel,
      needs: isFactored
        ? ScratchBytes.adafactorEmbedding(threads: context.threads, width: table.columns)
        : ScratchBytes.updateEmbedding(threads: context.threads, width: table.columns))
    return { state in
      let scale = state.gradientScale
      switch (decays ? state.decaying : state.plain, states.isBlockwise) {
      case (.elementwise(let rule), false):
        context.updateEmbedding(
          rule, rows: table.rows, width: table.columns, dx: gradient, heads: starts, order: order,
          table: weights, state1: states.first?.floats, state2: states.second?.floats, scratch: scratch,
          gradientScale: scale)
      case (.elementwise(let rule), true):
        context.updateEmbeddingEightBit(
          rule, rows: table.rows, width: table.columns, dx: gradient, heads: starts, order: order,
          table: weights, state1: states.first, state2: states.second, gradientScale: scale)
      case (.factored(let rule), _):
        guard let first = states.first?.floats, let second = states.second?.floats else { return }
        context.adafactorEmbedding(
          rule, rows: table.rows, width: table.columns, dx: gradient, heads: starts, order: order,
          table: weights, rowState: first, columnState: second, scratch: scratch, gradientScale: scale)
      }
    }
  }

  /// What the optimizer keeps of a tensor.
  private struct States {
    var first, second: UnsafeMutableRawPointer?
    var isBlockwise = false
  }

  private func states(_ kernel: Kernel) -> States {
    let ids = (0..<2).map { kernel.operand(.state($0)) }
    return States(
      first: ids[0].map { addresses[$0] }, second: ids[1].map { addresses[$0] },
      isBlockwise: ids[0].map { step.buffers[$0].format == .blockwiseState } ?? false)
  }

  /// Puts a micro-batch's rows where the batch's are kept.
  func keepTokens(_ kernel: Kernel) -> BoundKernel {
    let context = context
    let width = buffer(kernel, .input).columns
    let (x, y) = (floats(kernel, .input), floats(kernel, .output))
    return { state in
      context.copy(count: state.tokens * width, x: x, y: y + state.firstToken * width)
    }
  }

  func squaredNorm(_ kernel: Kernel) -> BoundKernel {
    let context = context
    let count = buffer(kernel, .gradient).count
    let (gradient, result) = (floats(kernel, .gradient), floats(kernel, .squaredNorm))
    return { state in
      state.squaredNorm += context.squaredNorm(count: count, x: gradient)
      result.pointee = Float(state.squaredNorm)
    }
  }

  func squaredNormOfTable(_ kernel: Kernel) -> BoundKernel {
    let context = context
    let (starts, order) = (integers(kernel, .starts), integers(kernel, .order))
    let (rows, width) = (buffer(kernel, .starts).columns - 1, buffer(kernel, .gradient).columns)
    let (gradient, result) = (floats(kernel, .gradient), floats(kernel, .squaredNorm))
    let scratch = scratch(
      kernel, needs: ScratchBytes.updateEmbedding(threads: context.threads, width: width))
    return { state in
      state.squaredNorm += context.squaredNormOfTable(
        rows: rows, width: width, dx: gradient, heads: starts, order: order, scratch: scratch)
      result.pointee = Float(state.squaredNorm)
    }
  }
}

extension UnsafeMutableRawPointer {
  fileprivate var floats: UnsafeMutablePointer<Float> { assumingMemoryBound(to: Float.self) }
}
