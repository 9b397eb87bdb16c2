#include "lab/bgp/session.hpp"

#include <cctype>

namespace lblab::bgp {

std::string in_words(std::string_view state) {
  std::string words;
  for (const char c : state) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isupper(byte) && !words.empty()) words += ' ';
    words += static_cast<char>(std::tolower(byte));
  }
  return words;
}

}  // namespace lblab::bgp
