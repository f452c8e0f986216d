#include "ir/support/inline_vector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace rcc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Numbers = InlineVector<int, 2>;

TEST(InlineVector, GrowsOutOfItself) {
  Numbers numbers{1, 2};
  EXPECT_EQ(static_cast<void*>(numbers.data()) >= &numbers, true);
  EXPECT_EQ(static_cast<void*>(numbers.data()) < &numbers + 1, true);
  numbers.push_back(3);
  EXPECT_FALSE(static_cast<void*>(numbers.data()) >= &numbers &&
               static_cast<void*>(numbers.data()) < &numbers + 1);
  EXPECT_THAT(numbers, ElementsAre(1, 2, 3));
  numbers.pop_back();
  EXPECT_EQ(numbers, (Numbers{1, 2}));
  EXPECT_NE(numbers, (Numbers{1, 3}));
  EXPECT_NE(numbers, (Numbers{1}));
}

TEST(InlineVector, CopiesAndMovesShortAndLong) {
  for (const std::vector<int>& wanted : {std::vector<int>{7}, std::vector<int>{1, 2, 3, 4, 5}}) {
    for (const std::vector<int>& old : {std::vector<int>{}, std::vector<int>{9, 9, 9, 9}}) {
      const Numbers source(wanted.begin(), wanted.end());
      Numbers copied(old.begin(), old.end());
      copied = source;
      EXPECT_THAT(copied, testing::ElementsAreArray(wanted));
      EXPECT_THAT(Numbers(source), testing::ElementsAreArray(wanted));
      Numbers moved(old.begin(), old.end());
      moved = std::move(copied);
      EXPECT_THAT(moved, testing::ElementsAreArray(wanted));
      EXPECT_THAT(copied, IsEmpty());
      copied.push_back(1);
      copied.push_back(2);
      copied.push_back(3);
      EXPECT_THAT(copied, ElementsAre(1, 2, 3));
      EXPECT_THAT(moved, testing::ElementsAreArray(wanted));
      const Numbers last(std::move(moved));
      EXPECT_THAT(last, testing::ElementsAreArray(wanted));
    }
  }
}

TEST(InlineVector, InsertsAndErases) {
  Numbers numbers;
  numbers.insert(numbers.begin(), 3);
  numbers.insert(numbers.begin(), 1);
  EXPECT_EQ(*numbers.insert(numbers.begin() + 1, 2), 2);
  EXPECT_THAT(numbers, ElementsAre(1, 2, 3));
  const std::vector<int> more{8, 9};
  numbers.insert(numbers.end(), more.begin(), more.end());
  EXPECT_THAT(numbers, ElementsAre(1, 2, 3, 8, 9));
  EXPECT_EQ(*numbers.erase(numbers.begin() + 1), 3);
  EXPECT_EQ(*numbers.erase(numbers.begin() + 1, numbers.begin() + 3), 9);
  EXPECT_THAT(numbers, ElementsAre(1, 9));
}

TEST(InlineVector, ResizesAndAssigns) {
  Numbers numbers(3, 5);
  EXPECT_THAT(numbers, ElementsAre(5, 5, 5));
  numbers.resize(1);
  numbers.resize(3, 4);
  EXPECT_THAT(numbers, ElementsAre(5, 4, 4));
  numbers.assign(2, 1);
  EXPECT_THAT(numbers, ElementsAre(1, 1));
  EXPECT_EQ(numbers.front() + numbers.back(), 2);
  numbers.clear();
  EXPECT_TRUE(numbers.empty());
}

}  // namespace
}  // namespace rcc
