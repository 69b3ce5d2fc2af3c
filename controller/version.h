#pragma once

namespace portolan::controller {

inline constexpr char kVersion[] = "0.1.0";

}  // namespace portolan::controller
