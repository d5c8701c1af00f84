import java.util.Arrays;
import java.util.Iterator;
import java.util.TreeMap;
import org.json.JSONArray;
import org.json.JSONObject;

/** Values that can be compared, binary among them. */
final class Plain {
  private Plain() {}

  static void equal(Object[] got, Object... want) {
    String g = text(got);
    String w = text(want);
    if (!g.equals(w)) {
      throw new AssertionError("got " + g.substring(0, Math.min(g.length(), 300)) + ", want " + w.substring(0, Math.min(w.length(), 300)));
    }
  }

  static void differ(Object a, Object b) {
    if (a.equals(b)) {
      throw new AssertionError("both are " + a);
    }
  }

  private static String text(Object value) {
    if (value instanceof byte[] bytes) {
      return "bytes" + Arrays.toString(bytes);
    }
    if (value instanceof Number number) {
      return String.valueOf(number.doubleValue());
    }
    if (value instanceof Object[] array) {
      return Arrays.stream(array).map(Plain::text).toList().toString();
    }
    if (value instanceof JSONArray array) {
      Object[] members = new Object[array.length()];
      for (int i = 0; i < members.length; i++) {
        members[i] = array.opt(i);
      }
      return text(members);
    }
    if (value instanceof JSONObject object) {
      TreeMap<String, String> members = new TreeMap<>();
      for (Iterator<?> keys = object.keys(); keys.hasNext(); ) {
        String key = (String) keys.next();
        members.put(key, text(object.opt(key)));
      }
      return members.toString();
    }
    return String.valueOf(value);
  }
}
