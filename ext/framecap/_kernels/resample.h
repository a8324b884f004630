#ifndef FRAMECAP_RESAMPLE_H
#define FRAMECAP_RESAMPLE_H

#include <stdlib.h>

#include "resample_rows.h"

/* Separable resampling: the first pass mixes rows, the second columns. Sums are exact and each pass
 * rounds once, halves up. */

/* The intermediate samples that vectors read past the last one; their weights are 0. */
#define FRAMECAP_SLACK 8

#define FRAMECAP_TYPED_BODY "resample_body.h"
#include "by_depth.h"

#endif
