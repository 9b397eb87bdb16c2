// Boost.Asio, compiled once for the whole project (BOOST_ASIO_SEPARATE_COMPILATION is set for every room).
#include <boost/asio/impl/src.hpp>
