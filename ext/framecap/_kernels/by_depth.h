/* Includes the file FRAMECAP_TYPED_BODY three times: for samples of 8 bits (u8), of up to 12 bits
 * (u16) and of more (deep). The body uses these macros:
 *   SAMPLE       the sample type
 *   MIDDLE       the type of an intermediate sample, between the passes
 *   MIDDLE_BITS  its bits: 14 where it fits int16_t, overshoot included; 16 where it does not, so
 *                that no sum overflows int32_t
 *   TYPED(x)     a function name with the suffix of the depth
 *   PLAIN(x)     the same for the variant in plain C */

#define SAMPLE uint8_t
#define MIDDLE int16_t
#define MIDDLE_BITS 14
#define TYPED(stem) stem##_u8
#define PLAIN(stem) stem##_u8_plain
#include FRAMECAP_TYPED_BODY
#undef SAMPLE
#undef TYPED
#undef PLAIN

#define SAMPLE uint16_t
#define TYPED(stem) stem##_u16
#define PLAIN(stem) stem##_u16_plain
#include FRAMECAP_TYPED_BODY
#undef MIDDLE
#undef MIDDLE_BITS
#undef TYPED
#undef PLAIN

#define MIDDLE int32_t
#define MIDDLE_BITS 16
#define TYPED(stem) stem##_deep
#define PLAIN(stem) stem##_deep_plain
#include FRAMECAP_TYPED_BODY
#undef SAMPLE
#undef MIDDLE
#undef MIDDLE_BITS
#undef TYPED
#undef PLAIN

#undef FRAMECAP_TYPED_BODY
