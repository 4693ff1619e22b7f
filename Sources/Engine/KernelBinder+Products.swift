import Graph
import Kernels
import Steps

extension KernelBinder {
  /// `y (T,out) = x (T,in) · Wᵀ + b`.
  func linear(_ kernel: Kernel) -> BoundKernel {
    let context = context
    let (input, output, weights) = (buffer(kernel, .input), buffer(kernel, .output), buffer(kernel, .weight))
    let (x, y, w) = (floats(kernel, .input), floats(kernel, .output), matrix(kernel, .weight))
    let beta = beta(kernel, .output)
    // Whoever comes first brings the bias.
    let bias = beta == 0 ? optionalFloats(kernel, .bias) : nil
    let (inputs, outputs) = (input.columns, output.columns)
    return { state in
      context.gemm(
        transposeB: !weights.isTransposed, m: state.rows(input), n: outputs, k: inputs, a: x, lda: inputs,
        b: w, beta: beta, c: y, ldc: outputs, bias: bias)
    }
  }

  /// `dx (T,in) += dy (T,out) · W`.
  func linearInputGradient(_ kernel: Kernel) -> BoundKernel {
    let context = context
    let (gradient, output, weights) = (
      buffer(kernel, .gradient), buffer(kernel, .output), buffer(kernel, .weight)
    )
    let (dy, dx, w) = (floats(kernel, .gradient), floats(kernel, .output), matrix(kernel, .weight))
    let beta = beta(kernel, .output)
    let (inputs, outputs) = (output.columns, gradient.columns)
    return { state in
      context.gemm(
        transposeB: weights.isTransposed, m: state.rows(gradient), n: inputs, k: outputs, a: dy, lda: outputs,
        b: w, beta: beta, c: dx, ldc: inputs)
    }
  }

  /// `dW (out,in) = dyᵀ · x`, or `(in,out) = xᵀ · dy`.
  func linearWeightGradient(_ kernel: Kernel, _ transposed: Bool) -> BoundKernel {
    requireFirst(kernel, .output)
    let context = context
    let (gradient, input) = (buffer(kernel, .gradient), buffer(kernel, .input))
    let (dy, x, target) = (floats(kernel, .gradient), floats(kernel, .input), floats(kernel, .output))
    let (inputs, outputs) = (input.columns, gradient.columns)
    let accumulates = accumulates(kernel, .output)
    return { state in
      let rows = state.rows(gradient)
      let beta: Float = accumulates && !state.isFirstMicroBatch ? 1 : 0
      if transposed {
        context.gemm(
          transposeA: true, m: inputs, n: outputs, k: rows, a: x, lda: inputs, b: dy, ldb: outputs, beta: beta,
          c: target, ldc: outputs)
      } else {
        context.gemm(
          transposeA: true, m: outputs, n: inputs, k: rows, a: dy, lda: outputs, b: x, ldb: inputs, beta: beta,
          c: target, ldc: inputs)
      }
    }
  }

  func columnSum(_ kernel: Kernel) -> BoundKernel {
    requireFirst(kernel, .output)
    let context = context
    let input = buffer(kernel, .input)
    let (x, target) = (floats(kernel, .input), floats(kernel, .output))
    let accumulates = accumulates(kernel, .output)
    return { state in
      context.columnSum(
        rows: state.rows(input), columns: input.columns, x: x,
        beta: accumulates && !state.isFirstMicroBatch ? 1 : 0, out: target)
    }
  }

  func attention(_ kernel: Kernel, _ heads: Int, _ site: DropoutSite) -> BoundKernel {
    requireFirst(kernel, .output)
    let context = context
    let length = step.recipe.sequence
    let workspace = scratch(
      kernel, needs: ScratchBytes.attentionForward(threads: context.threads, maxLength: length))
    let (q, k, v) = (floats(kernel, .query), floats(kernel, .key), floats(kernel, .value))
    let (output, offsets) = (floats(kernel, .output), integers(kernel, .offsets))
    let headSize = buffer(kernel, .query).columns / heads
    return { state in
      let shape = AttentionShape(
        sequences: state.sequences, offsets: offsets, maxLength: length, heads: heads, headSize: headSize,
        dropout: site.mask(state))
      context.attentionForward(shape, q: q, k: k, v: v, context: output, scratch: workspace)
    }
  }

  func attentionBackward(_ kernel: Kernel, _ heads: Int, _ site: DropoutSite) -> BoundKernel {
    requireFirst(kernel, .queryGradient, .keyGradient, .valueGradient)
    let context = context
    let length = step.recipe.sequence
    let workspace = scratch(
      kernel, needs: ScratchBytes.attentionBackward(threads: context.threads, maxLength: length))
    let (q, k, v) = (floats(kernel, .query), floats(kernel, .key), optionalFloats(kernel, .value))
    let gradient = floats(kernel, .gradient)
    let dq = optionalFloats(kernel, .queryGradient)
    let dk = optionalFloats(kernel, .keyGradient)
    let dv = optionalFloats(kernel, .valueGradient)
    let offsets = integers(kernel, .offsets)
    let headSize = buffer(kernel, .query).columns / heads
    return { state in
      let shape = AttentionShape(
        sequences: state.sequences, offsets: offsets, maxLength: length, heads: heads, headSize: headSize,
        dropout: site.mask(state))
      context.attentionBackward(
        shape, q: q, k: k, v: v, dcontext: gradient, dq: dq, dk: dk, dv: dv, scratch: workspace)
    }
  }
}
