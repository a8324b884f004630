#ifndef FRAMECAP_CLONES_H
#define FRAMECAP_CLONES_H

/* Marks a loop that is compiled once per generation of processors and chosen when loaded. All
 * clones compute with integers, so the choice shows in the time and never in the result. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC__)
#define FRAMECAP_CLONES \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FRAMECAP_CLONES
#endif

#endif
