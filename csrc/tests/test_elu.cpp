// ELU layers against double precision, and the same bits everywhere.
#include <limits>
#include <stdexcept>

#include "amp/elu.hpp"
#include "amp/thread_pool.hpp"
#include "check.hpp"
#include "isa.hpp"

namespace test = amp::test;

namespace {

std::vector<float> arguments() {
  std::vector<float> x = test::Random().normal(40000);
  for (float edge : {0.0F, -0.0F, 1e-30F, -1e-30F, -1e-7F, -0.34657F, -0.34658F, -86.9F, -87.1F,
                     -1e30F, 1e30F}) {
    x.push_back(edge);
  }
  for (int i = 0; i < 20000; ++i) {
    x.push_back(-0.005F * static_cast<float>(i));
  }
  return x;
}

double slope(double h) { return h < 0.0 ? 1.0 + h : 1.0; }

void every_isa(void (*work)(std::vector<float>&)) {
  std::vector<float> first;
  for (const char* isa : {"baseline", "avx2", "avx512"}) {
    if (!amp::select_isa(isa)) {
      continue;
    }
    for (const std::size_t threads : {1, 2, 5}) {
      amp::set_num_threads(threads);
      std::vector<float> result;
      work(result);
      CHECK(first.empty() || test::same_bits(result, first));
      first = result;
    }
  }
}

void forward(std::vector<float>& result) {
  result = arguments();
  amp::elu(test::out(result));
  const std::vector<float> x = arguments();
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double wanted = x[i] > 0.0F ? double(x[i]) : std::expm1(double(x[i]));
    CHECK(std::fabs(result[i] - wanted) <= 2.4e-7 * std::fabs(wanted));
  }
}

void backward(std::vector<float>& result) {
  std::vector<float> h = arguments();
  amp::elu(test::out(h));
  const std::vector<float> before = test::Random().normal(h.size());
  result = before;
  amp::elu_backward(test::out(result), test::in(h));
  std::vector<float> adjoint = before, curvature(h.size(), -7.0F);
  amp::elu_adjoint({test::out(adjoint), test::in(result), test::in(h), test::out(curvature)});
  CHECK(test::same_bits(adjoint, result));
  for (std::size_t i = 0; i < h.size(); ++i) {
    CHECK(std::fabs(result[i] - before[i] * slope(h[i])) <= 2e-7 * std::fabs(before[i]));
    CHECK(curvature[i] == (h[i] < 0.0F ? before[i] * result[i] : 0.0F));
  }
  result.insert(result.end(), curvature.begin(), curvature.end());
}

void not_a_number_stays() {
  std::vector<float> x(35, std::numeric_limits<float>::quiet_NaN());
  amp::elu(test::out(x));
  for (const float value : x) {
    CHECK(std::isnan(value));
  }
}

void wrong_sizes_throw() {
  std::vector<float> three(3), two(2);
  bool thrown = false;
  try {
    amp::elu_backward(test::out(three), test::in(two));
  } catch (const std::invalid_argument&) {
    thrown = true;
  }
  CHECK(thrown);
}

}  // namespace

int main() {
  every_isa(&forward);
  every_isa(&backward);
  not_a_number_stays();
  wrong_sizes_throw();
  return 0;
}
