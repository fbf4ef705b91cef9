"""From S3 events, and from listings where events were lost, to the file tracker."""
