/* Linear combinations by vector, see by_vector.h. pmaddwd multiplies 16-bit numbers and adds pairs
 * of products. framecap_wide_* loads 16-bit numbers: 8-bit samples, or deeper samples minus 32768,
 * which the caller's bias compensates. */

TARGET static inline VECTOR NAME(framecap_both)(int32_t first, int32_t second)
{
    return OP(set1_epi32)((int32_t)(((uint32_t)first & 0xffff) | (uint32_t)second << 16));
}

/* Returns two vectors of 32-bit sums, shifted and packed to 16 bits. */
TARGET static inline VECTOR NAME(framecap_shifted)(VECTOR low, VECTOR high, __m128i bits)
{
    return OP(packs_epi32)(OP(sra_epi32)(low, bits), OP(sra_epi32)(high, bits));
}

TARGET static inline VECTOR NAME(framecap_mixed)(VECTOR a, VECTOR b, VECTOR c, VECTOR kab,
                                                 VECTOR kc, VECTOR bias, __m128i bits)
{
    const VECTOR zero = ZERO;
    VECTOR low = OP(add_epi32)(OP(madd_epi16)(OP(unpacklo_epi16)(a, b), kab), bias);
    VECTOR high = OP(add_epi32)(OP(madd_epi16)(OP(unpackhi_epi16)(a, b), kab), bias);
    low = OP(add_epi32)(low, OP(madd_epi16)(OP(unpacklo_epi16)(c, zero), kc));
    high = OP(add_epi32)(high, OP(madd_epi16)(OP(unpackhi_epi16)(c, zero), kc));
    return NAME(framecap_shifted)(low, high, bits);
}

/* Rows have at least BYTES samples. The last vector overlaps the one before. */
#define FRAMECAP_DEFINE_COLOUR_VECTOR(name, sample_t)                                            \
    TARGET static void NAME(framecap_mix3_##name)(                                               \
        uint8_t *restrict out, const sample_t *a, const sample_t *b, const sample_t *c, int n,   \
        int32_t ka, int32_t kb, int32_t kc, int32_t bias, int shift)                             \
    {                                                                                            \
        const VECTOR kab = NAME(framecap_both)(ka, kb), kc0 = NAME(framecap_both)(kc, 0);        \
        const VECTOR start = OP(set1_epi32)(bias);                                               \
        const __m128i bits = _mm_cvtsi32_si128(shift);                                           \
        for (int x = 0; x < n; x += BYTES) {                                                     \
            x = x + BYTES <= n ? x : n - BYTES;                                                  \
            const int y = x + BYTES / 2;                                                         \
            const VECTOR p = NAME(framecap_mixed)(                                               \
                NAME(framecap_wide_##name)(a + x), NAME(framecap_wide_##name)(b + x),            \
                NAME(framecap_wide_##name)(c + x), kab, kc0, start, bits);                       \
            const VECTOR q = NAME(framecap_mixed)(                                               \
                NAME(framecap_wide_##name)(a + y), NAME(framecap_wide_##name)(b + y),            \
                NAME(framecap_wide_##name)(c + y), kab, kc0, start, bits);                       \
            STORE(out + x, NAME(framecap_in_order)(OP(packus_epi16)(p, q)));                     \
        }                                                                                        \
    }                                                                                            \
                                                                                                 \
    TARGET static void NAME(framecap_mix2_##name)(                                               \
        uint8_t *restrict out, const sample_t *a, const sample_t *b, int n, int32_t ka,          \
        int32_t kb, int32_t bias, int shift)                                                     \
    {                                                                                            \
        const VECTOR kab = NAME(framecap_both)(ka, kb), start = OP(set1_epi32)(bias);            \
        const __m128i bits = _mm_cvtsi32_si128(shift);                                           \
        for (int x = 0; x < n; x += BYTES) {                                                     \
            VECTOR halves[2];                                                                    \
            x = x + BYTES <= n ? x : n - BYTES;                                                  \
            for (int i = 0; i < 2; i++) {                                                        \
                const VECTOR p = NAME(framecap_wide_##name)(a + x + i * (BYTES / 2));            \
                const VECTOR q = NAME(framecap_wide_##name)(b + x + i * (BYTES / 2));            \
                halves[i] = NAME(framecap_shifted)(                                              \
                    OP(add_epi32)(OP(madd_epi16)(OP(unpacklo_epi16)(p, q), kab), start),         \
                    OP(add_epi32)(OP(madd_epi16)(OP(unpackhi_epi16)(p, q), kab), start), bits);  \
            }                                                                                    \
            STORE(out + x, NAME(framecap_in_order)(OP(packus_epi16)(halves[0], halves[1])));     \
        }                                                                                        \
    }                                                                                            \
                                                                                                 \
    /* An even number of samples, b and c at half the columns of a. */                           \
    TARGET static void NAME(framecap_mix3_halved_##name)(                                        \
        uint8_t *restrict out, const sample_t *a, const sample_t *b, const sample_t *c, int n,   \
        int32_t ka, int32_t kb, int32_t kc, int32_t bias, int shift)                             \
    {                                                                                            \
        const VECTOR kbc = NAME(framecap_both)(kb, kc), ka0 = NAME(framecap_both)(ka, 0);        \
        const VECTOR start = OP(set1_epi32)(bias), zero = ZERO;                                  \
        const __m128i bits = _mm_cvtsi32_si128(shift);                                           \
        for (int x = 0; x < n; x += BYTES) {                                                     \
            VECTOR halves[2], shared[2];                                                         \
            x = x + BYTES <= n ? x : n - BYTES;                                                  \
            const VECTOR p = NAME(framecap_in_order)(NAME(framecap_wide_##name)(b + x / 2));     \
            const VECTOR q = NAME(framecap_in_order)(NAME(framecap_wide_##name)(c + x / 2));     \
            shared[0] = OP(add_epi32)(OP(madd_epi16)(OP(unpacklo_epi16)(p, q), kbc), start);     \
            shared[1] = OP(add_epi32)(OP(madd_epi16)(OP(unpackhi_epi16)(p, q), kbc), start);     \
            for (int i = 0; i < 2; i++) {                                                        \
                const VECTOR y = NAME(framecap_wide_##name)(a + x + i * (BYTES / 2));            \
                halves[i] = NAME(framecap_shifted)(                                              \
                    OP(add_epi32)(OP(madd_epi16)(OP(unpacklo_epi16)(y, zero), ka0),              \
                                  OP(unpacklo_epi32)(shared[i], shared[i])),                     \
                    OP(add_epi32)(OP(madd_epi16)(OP(unpackhi_epi16)(y, zero), ka0),              \
                                  OP(unpackhi_epi32)(shared[i], shared[i])), bits);              \
            }                                                                                    \
            STORE(out + x, NAME(framecap_in_order)(OP(packus_epi16)(halves[0], halves[1])));     \
        }                                                                                        \
    }

FRAMECAP_DEFINE_COLOUR_VECTOR(u8, uint8_t)
FRAMECAP_DEFINE_COLOUR_VECTOR(u16, uint16_t)
#undef FRAMECAP_DEFINE_COLOUR_VECTOR
