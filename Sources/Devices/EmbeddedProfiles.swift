/// The text of every file in the top-level folder `Profiles`, by name, compiled into the executable.
///
/// Nothing is looked up at run time, so the executable can be moved by itself. The package manager makes one constant
/// of each file; it cannot list them, so each new file needs a line here, which a test insists on.
let embeddedProfiles: [String: [UInt8]] = [
  "android-mid-range": PackageResources.android_mid_range_yaml,
  "beaglebone-ai-64": PackageResources.beaglebone_ai_64_yaml,
  "coral-dev-board": PackageResources.coral_dev_board_yaml,
  "iphone-12-mini": PackageResources.iphone_12_mini_yaml,
  "jetson-nano-4gb": PackageResources.jetson_nano_4gb_yaml,
  "jetson-orin-nano-8gb": PackageResources.jetson_orin_nano_8gb_yaml,
  "jetson-xavier-nx-8gb": PackageResources.jetson_xavier_nx_8gb_yaml,
  "laptop-4gb": PackageResources.laptop_4gb_yaml,
  "raspberry-pi-3b-plus": PackageResources.raspberry_pi_3b_plus_yaml,
  "raspberry-pi-4-2gb": PackageResources.raspberry_pi_4_2gb_yaml,
  "raspberry-pi-4-4gb": PackageResources.raspberry_pi_4_4gb_yaml,
  "raspberry-pi-4-8gb": PackageResources.raspberry_pi_4_8gb_yaml,
  "raspberry-pi-5-4gb": PackageResources.raspberry_pi_5_4gb_yaml,
  "raspberry-pi-5-8gb": PackageResources.raspberry_pi_5_8gb_yaml,
  "raspberry-pi-zero-2w": PackageResources.raspberry_pi_zero_2w_yaml,
  "stm32h7": PackageResources.stm32h7_yaml,
]
