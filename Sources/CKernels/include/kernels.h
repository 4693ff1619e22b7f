// The numerical kernels of the training engine, one header a theme.
//
// Every tensor is 32-bit floating point, row-major and contiguous unless a leading dimension is given.
// No kernel allocates memory: scratch is the caller's, and a `*_scratch_bytes` function says exactly how much.
// Equal inputs and an equal thread count give equal bits.
#pragma once

#include "pf_activation.h"
#include "pf_adafactor.h"
#include "pf_attention.h"
#include "pf_dropout.h"
#include "pf_eight_bit.h"
#include "pf_elementwise.h"
#include "pf_embedding.h"
#include "pf_gemm.h"
#include "pf_loss.h"
#include "pf_norm.h"
#include "pf_optimizer.h"
#include "pf_pool.h"
#include "pf_weights.h"
