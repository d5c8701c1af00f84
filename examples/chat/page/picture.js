// Makes a picture fit: the hub takes messages of up to a million bytes.

const LARGEST = 700_000;
const LONGEST_SIDE = 1600;

// prepare returns {bytes, type, width, height}, as it is when it is small
// enough, otherwise scaled down and as JPEG. It throws when the file is no
// picture that this browser can read.
export async function prepare(file) {
  const bitmap = await createImageBitmap(file);
  const { width, height } = bitmap;
  if (file.size <= LARGEST) {
    return { bytes: await file.arrayBuffer(), type: file.type, width, height };
  }
  for (let side = LONGEST_SIDE; ; side /= 1.5) {
    const picture = await scale(bitmap, Math.min(1, side / Math.max(width, height)));
    if (picture.bytes.byteLength <= LARGEST || side < 100) return picture;
  }
}

async function scale(bitmap, factor) {
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(bitmap.width * factor));
  canvas.height = Math.max(1, Math.round(bitmap.height * factor));
  canvas.getContext('2d').drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((done) => canvas.toBlob(done, 'image/jpeg', 0.85));
  return { bytes: await blob.arrayBuffer(), type: blob.type, width: canvas.width, height: canvas.height };
}
