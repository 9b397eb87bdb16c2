#pragma once

#include "lab/model/diagnostic.hpp"
#include "lab/model/view.hpp"

/// What can be wrong with a topology. Each check adds all that it finds; a value that is malformed in itself
/// is reported by check_shape() and passed over by the others, so that one mistake is one message.
namespace lblab::model {

/// Unknown keys, missing keys, values that are not what the table of keys says.
void check_shape(const Yaml& root, Diagnostics&);

}  // namespace lblab::model
