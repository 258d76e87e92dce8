// Counts what the calling thread allocates while it asks for that: operator new, and malloc where
// the C library lets it be replaced. Include it in one file of a program.
#pragma once

#include <cstdlib>
#include <new>

#if defined(__GLIBC__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define AMP_COUNTS_MALLOC
#endif

namespace amp::test {

inline thread_local bool counting = false;
inline thread_local long allocations = 0;
inline void count() { allocations += counting ? 1 : 0; }

// How many allocations `work` makes in this thread.
template <class Work>
long allocations_of(const Work& work) {
  allocations = 0;
  counting = true;
  work();
  counting = false;
  return allocations;
}

}  // namespace amp::test

#if defined(AMP_COUNTS_MALLOC)
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void* malloc(std::size_t size) {
  amp::test::count();
  return __libc_malloc(size);
}
void* calloc(std::size_t n, std::size_t size) {
  amp::test::count();
  return __libc_calloc(n, size);
}
void* realloc(void* memory, std::size_t size) {
  amp::test::count();
  return __libc_realloc(memory, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  amp::test::count();
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  amp::test::count();
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? 12 : 0;  // ENOMEM
}
}
#else
// not inlined: the compiler would take malloc and delete for a mismatch
#define AMP_APART __attribute__((noinline))
AMP_APART void* operator new(std::size_t size) {
  amp::test::count();
  if (void* memory = std::malloc(size)) {
    return memory;
  }
  throw std::bad_alloc();
}
AMP_APART void* operator new(std::size_t size, std::align_val_t alignment) {
  amp::test::count();
  const auto to = static_cast<std::size_t>(alignment);
  if (void* memory = std::aligned_alloc(to, (size + to - 1) / to * to)) {
    return memory;
  }
  throw std::bad_alloc();
}
AMP_APART void operator delete(void* memory) noexcept { std::free(memory); }
AMP_APART void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
AMP_APART void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
AMP_APART void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
#endif
