// The bodies of Beast's headers, compiled once.
#include <boost/beast/src.hpp>
