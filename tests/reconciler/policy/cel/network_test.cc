#include "reconciler/policy/cel/network.h"

#include <gtest/gtest.h>

#include "tests/reconciler/policy/cel/cel_fixture.h"

namespace portolan::reconciler::cel {
namespace {

TEST(Addresses, HaveOneCanonicalForm) {
  EXPECT_EQ(FormatIp(*ParseIp("2001:DB8:0:0:1:0:0:1")), "2001:db8::1:0:0:1");
  EXPECT_EQ(FormatIp(*ParseIp("::")), "::");
  EXPECT_EQ(FormatIp(*ParseIp("1::")), "1::");
  EXPECT_EQ(FormatIp(*ParseIp("::ffff:10.0.0.1")), "::ffff:a00:1");
  EXPECT_EQ(FormatIp(*ParseIp("10.0.0.1")), "10.0.0.1");
}

TEST(Addresses, AreReadStrictly) {
  for (const char* text : {"", "1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4.5", ":", ":::", "1:2",
                           "1::2::3", "1:2:3:4:5:6:7:8:9", "12345::", "fe80::1%eth0", "::1.2.3"})
    EXPECT_FALSE(ParseIp(text).has_value()) << text;
  for (const char* text : {"10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "::/129", "10.0.0.0/08"})
    EXPECT_FALSE(ParseCidr(text).has_value()) << text;
}

TEST(Networks, ContainAddressesAndNetworksOfTheirFamily) {
  EXPECT_EQ(Eval("cidr('10.0.0.0/8').containsIP('10.255.0.1')"), "true");
  EXPECT_EQ(Eval("cidr('10.0.0.0/8').containsIP('11.0.0.1')"), "false");
  EXPECT_EQ(Eval("cidr('10.0.0.0/8').containsCIDR('10.0.0.0/7')"), "false");
  EXPECT_EQ(Eval("cidr('::/0').containsIP('10.0.0.1')"), "false");
  EXPECT_EQ(Eval("cidr('10.1.2.3/8').masked()"), "cidr('10.0.0.0/8')");
}

TEST(Addresses, KnowTheirKind) {
  EXPECT_EQ(Eval("ip('127.0.0.1').isLoopback() && ip('::1').isLoopback()"), "true");
  EXPECT_EQ(Eval("ip('10.0.0.1').isGlobalUnicast() && !ip('224.0.0.1').isGlobalUnicast()"), "true");
  EXPECT_EQ(Eval("[ip('10.0.0.1').family(), ip('::1').family()]"), "[4, 6]");
  EXPECT_EQ(Eval("ip('x')"), "error: 'x' is no IP address at 1:1");
  EXPECT_EQ(Eval("isIP('x') || isCIDR('10.0.0.1')"), "false");
}

}  // namespace
}  // namespace portolan::reconciler::cel
