#include "amp/runtime/flight_recorder.hpp"
#include "amp/runtime/timing.hpp"
#include "runtime.hpp"

namespace amp::bindings {
namespace {

using namespace amp::runtime;

py::list fields(const std::vector<RecordField>& from) {
  py::list list;
  for (const RecordField& field : from) {
    list.append(py::make_tuple(field.name, field.type, field.count, field.offset));
  }
  return list;
}

py::dict record_layout(std::size_t joints) {
  if (joints < 1 || joints > kMaxJoints) {
    throw std::invalid_argument("expected 1 to 64 joints");
  }
  const RecordLayout layout(joints);
  py::dict result;
  result["cell_bytes"] = layout.cell_bytes;
  result["policy_bytes"] = layout.policy_bytes;
  result["tick"] = fields(layout.tick);
  result["policy"] = fields(layout.policy);
  return result;
}

std::unique_ptr<FlightRecorder> open_recorder(const std::string& path, py::array& config) {
  std::string error;
  auto recorder = FlightRecorder::open(path, message<LoopConfig>(config, false), error);
  if (recorder == nullptr) {
    throw std::runtime_error(error);
  }
  return recorder;
}

const char* state_name(const FlightRecorder& recorder) {
  switch (recorder.state()) {
    case RecorderState::recording:
      return "recording";
    case RecorderState::closed:
      return "closed";
    case RecorderState::disk_full:
      return "disk full";
    default:
      return "failed";
  }
}

void bind_recorder(py::module_& module) {
  py::class_<FlightRecorder> recorder(module, "FlightRecorder");
  recorder.def(py::init(&open_recorder), py::arg("path"), py::arg("config"));
  recorder.def("record", [](FlightRecorder& self, py::array& tick) {
    self.record(message<TickRecord>(tick, false));
  });
  recorder.def("close", &FlightRecorder::close, py::call_guard<py::gil_scoped_release>());
  recorder.def_property_readonly("state", &state_name);
  recorder.def_property_readonly("written", &FlightRecorder::written);
  recorder.def_property_readonly("dropped", &FlightRecorder::dropped);
  module.def("record_layout", &record_layout, py::arg("joints"));
}

using Durations = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>;

// The bins that hold something: their lower edges in ns and their counts.
py::tuple bins(const Histogram& histogram) {
  std::vector<std::int64_t> edges, ends;
  std::vector<std::uint64_t> counts;
  for (std::size_t i = 0; i < Histogram::kBins; ++i) {
    if (const std::uint64_t count = histogram.count(i); count > 0) {
      edges.push_back(Histogram::lower_edge_ns(i));
      ends.push_back(Histogram::lower_edge_ns(i + 1));
      counts.push_back(count);
    }
  }
  const auto size = static_cast<py::ssize_t>(counts.size());
  return py::make_tuple(py::array_t<std::int64_t>(size, edges.data()),
                        py::array_t<std::int64_t>(size, ends.data()),
                        py::array_t<std::uint64_t>(size, counts.data()));
}

void bind_timing(py::module_& module) {
  py::class_<Histogram> histogram(module, "Histogram");
  histogram.def(py::init<>());
  histogram.def("add", &Histogram::add);
  histogram.def("add_all", [](Histogram& self, const Durations& durations) {
    for (py::ssize_t i = 0; i < durations.size(); ++i) {
      self.add(durations.data()[i]);
    }
  });
  histogram.def("quantile_ns", &Histogram::quantile_ns);
  histogram.def("bins", &bins);
  histogram.def_property_readonly(
      "count", static_cast<std::uint64_t (Histogram::*)() const>(&Histogram::count));
  histogram.def_property_readonly("min_ns", &Histogram::min_ns);
  histogram.def_property_readonly("max_ns", &Histogram::max_ns);
}

}  // namespace

void bind_runtime_recorder(py::module_& module) {
  bind_recorder(module);
  bind_timing(module);
}

}  // namespace amp::bindings
