#include "isa.hpp"

#include <atomic>
#include <cstring>

namespace amp {
namespace {

#define AMP_TABLE(isa)                                    \
  {#isa,      &isa::gae_columns,  &isa::disc_obs_windows, \
   &isa::elu, &isa::elu_backward, &isa::elu_adjoint},
constexpr IsaTable kTables[] = {AMP_FOR_EACH_ISA(AMP_TABLE)};
#undef AMP_TABLE

bool supported(const char* name) {
#if defined(AMP_X86_DISPATCH)
  if (std::strcmp(name, "avx2") == 0) {
    return __builtin_cpu_supports("avx2") != 0;
  }
  if (std::strcmp(name, "avx512") == 0) {
    return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
           __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512dq") != 0;
  }
#endif
  return std::strcmp(name, "baseline") == 0;
}

const IsaTable* best() {
  const IsaTable* found = &kTables[0];
  for (const IsaTable& table : kTables) {  // listed from the plainest to the widest
    if (supported(table.name)) {
      found = &table;
    }
  }
  return found;
}

std::atomic<const IsaTable*>& chosen() {
  static std::atomic<const IsaTable*> table{best()};
  return table;
}

}  // namespace

const IsaTable& isa() { return *chosen().load(std::memory_order_relaxed); }

bool select_isa(const char* name) {
  for (const IsaTable& table : kTables) {
    if (std::strcmp(table.name, name) == 0 && supported(name)) {
      chosen().store(&table, std::memory_order_relaxed);
      return true;
    }
  }
  return false;
}

}  // namespace amp
