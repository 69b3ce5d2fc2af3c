#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>

#include "mapcore/hmap.h"
#include "mapcore/map_image.h"
#include "mapcore/shared/shared_map.h"

namespace portolan::mapcore {

// A large map that is there at once: a mapped image below, and above it a Hmap with what was
// written since, read with an epoch guard. A lookup asks the changes first; where they are few they
// stay in the processor's caches. Memory is the image's pages, which processes share and the kernel
// may drop, and the changes.
//
// The image is never written. When changes have grown, write a new image of both and begin anew.
class ImageMap : public SharedMap {
 public:
  // `changes` are the options of the map above; its `readers` are ignored. Errors: kExhausted, as
  // Hmap::Create.
  static Result<std::unique_ptr<ImageMap>> Create(
      std::shared_ptr<const MapImage> image, HmapOptions changes = {},
      const EntryLimits& limits = {},
      hmap::ReaderDomain::Fences fences = hmap::ReaderDomain::Fences::kProbe);

  std::unique_ptr<MapSession> Open() override;
  std::uint64_t size() const override { return size_.load(std::memory_order_relaxed); }
  std::string_view name() const override { return "image"; }
  const MapImage& image() const { return *image_; }
  std::uint64_t changes() const;                    // keys that differ from the image, or did
  hmap::Lineage::Waiting waiting() const override;  // of the changes; the image is never replaced
  bool barrier_lost() const override { return readers_.barrier_lost(); }

 private:
  class Session;
  ImageMap(std::shared_ptr<const MapImage> image, const EntryLimits& limits,
           hmap::ReaderDomain::Fences fences)
      : SharedMap(limits), image_(std::move(image)), readers_(fences), size_(image_->size()) {}
  bool Holds(std::string_view key) const;

  const std::shared_ptr<const MapImage> image_;
  hmap::ReaderDomain readers_;
  std::atomic<std::uint64_t> size_;
  mutable std::mutex writers_;
  // Written under writers_. A value begins with '+'; of an erased key it is "-" alone, which hides
  // the image's.
  std::optional<Hmap> changes_;
};

}  // namespace portolan::mapcore
