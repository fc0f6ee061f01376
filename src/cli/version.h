#pragma once

#define SILT_VERSION "0.1.0"
